export { ArgumentError } from './argument.ts';
export { type Child, type ChildDescription, deriveChild, reconstructSet } from './child.ts';
export {
  type CollectorOutcome,
  type IncomingHtlc,
  type RefusalReason,
  SetCollector,
  type WholeSet,
} from './collector.ts';
export { divideShard, type Payment, retryShard, type Shard, splitPayment } from './payer.ts';
export {
  AMP_TYPE,
  type AmpRecord,
  decodeAmpRecord,
  decodeMppRecord,
  encodeAmpRecord,
  encodeMppRecord,
  MPP_TYPE,
  type MppRecord,
  RecordError,
  type RecordFault,
} from './record.ts';
export { isZeroShare, mergeShares, type Random, splitShare, xorShares, zeroShare } from './share.ts';
export { type ReportedShard, type SetVerdict, verifySet } from './verify.ts';
