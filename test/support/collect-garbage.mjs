// Loaded before a gateway: collects garbage at SIGUSR2, so that what the process holds can be told from
// what it has merely not thrown away yet.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
process.on('SIGUSR2', () => {
  collect();
  collect();
});
