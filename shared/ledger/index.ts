export {
  type Aside,
  type AsideEvent,
  closeAside,
  is32Bytes,
  paymentAside,
  readAside,
  readAsides,
  setsAside,
} from './asides.ts';
export {
  type Answer,
  ASK_LISTS,
  type Ask,
  answerAsk,
  answerAsks,
  type NewAsk,
  openAsks,
  putAsk,
  putAsks,
  readAsk,
  readAsks,
} from './asks.ts';
export {
  type Batch,
  type Booked,
  batchLength,
  bookTips,
  InvoiceMissingError,
  type NewTip,
} from './booking.ts';
export { ItemError } from './codec.ts';
export {
  addCreator,
  addOption,
  type Creator,
  CreatorChangedError,
  CreatorError,
  closeCreator,
  readCreator,
  readCreators,
  readOptionOwner,
  SHOWS,
  setLimits,
  setMinimum,
  setShows,
  type TipOption,
} from './creators.ts';
export { CursorError, decodeCursor, encodeCursor } from './cursor.ts';
export { HandleError, isHandle, isOptionId, openOptionId, parseHandle } from './handles.ts';
export {
  type CurrentInvoice,
  currentInvoices,
  dropWant,
  type Invoice,
  type NewInvoice,
  putCurrentInvoice,
  putRetiredInvoice,
  putWant,
  readCreatorWithInvoice,
  readInvoice,
  readInvoices,
  retiredInvoices,
} from './invoices.ts';
export {
  type Hints,
  keepLease,
  type Lease,
  LeaseLostError,
  moveHints,
  type NodeState,
  readNode,
  readNodes,
  releaseLease,
  takeLease,
} from './lease.ts';
export { type Comparison, compareSums, type Difference, differences, replaceSums } from './rebuild.ts';
export { type Ledger, LISTED, TTL, tableDefinition } from './table.ts';
export { bookedSets, fingerprint, publicTipId, readAllTips, readFeed, readTip, type Tip } from './tips.ts';
export { readCreatorWithTotals, readDay, readTotals, type Sum, type Totals } from './totals.ts';
export { isForGood } from './transaction.ts';
export { dueWants, type Want } from './wants.ts';
