export { ArgumentError } from './argument.ts';
export { deriveChild, reconstructSet } from './child.ts';
export {
  type IncomingHtlc,
  SetCollector,
} from './collector.ts';
export { divideShard, retryShard, type Shard, splitPayment } from './payer.ts';
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
} from './record.ts';
export { isZeroShare, mergeShares, type Random, splitShare, xorShares, zeroShare } from './share.ts';
export { type ReportedShard, verifySet } from './verify.ts';
