import { pipeline } from './cube-deals.ts';
import { deploymentId } from './cube-sessions.ts';

/** A kind of frame at one of its addresses. */
export interface CubeFrame {
  readonly kind: 'dashboard' | 'chat' | 'app';
  /** With a dashboard's public id as `:publicId` and the deployment's number as `:deploymentId`. */
  readonly path: string;
  /** The parameter of the query that holds the session id; under another name it is not found. */
  readonly sessionIn: 'session' | 'sessionId';
}

/** Cube's documentation and its demo disagree about addresses, so there are those of both. */
export const cubeFrames: readonly CubeFrame[] = [
  { kind: 'dashboard', path: '/embed/dashboard/:publicId', sessionIn: 'session' },
  { kind: 'chat', path: '/embed/chat', sessionIn: 'sessionId' },
  { kind: 'app', path: '/embed/d/:deploymentId/app', sessionIn: 'session' },
  { kind: 'dashboard', path: '/embed/d/:deploymentId/dashboard/:publicId', sessionIn: 'session' },
  { kind: 'chat', path: '/embed/d/:deploymentId/chat', sessionIn: 'session' },
];

/** The values in a frame's path that there are; an address may lack either. */
export const cubePublished: Readonly<Record<string, string>> = {
  publicId: pipeline.publicId,
  deploymentId: String(deploymentId),
};
