/** Room for a token of 16 kB in a cookie, beside the other cookies of the host. */
export const headerBytesMax = 32_768;
export const bodyBytesMax = 16_384;
/** For a whole request to arrive, its body included. */
export const requestTimeoutMs = 10_000;
/** For a response that the client does not read. */
export const writeTimeoutMs = 10_000;
/** How often Node looks for requests past their time; its default of 30 s would make 10 s up to 40. */
export const timeoutCheckMs = 1000;
/** Longer than the 60 s that load balancers keep a connection, so that it is they who close it. */
export const keepAliveTimeoutMs = 65_000;
