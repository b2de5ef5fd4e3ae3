export type { Htlc, HtlcFailure, Peer, Resolution } from './channel.ts';
export { type DevNode, type DevNodeOptions, startDevNode } from './node.ts';
export type { Attempt, FailureReason, Payment } from './payer.ts';
export type { SendPayment } from './payment-plan.ts';
export { RpcError } from './rpc-error.ts';
export { ListenError } from './server.ts';
