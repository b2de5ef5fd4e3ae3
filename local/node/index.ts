export { type DevNode, startDevNode } from './node.ts';
export { ListenError } from './server.ts';
