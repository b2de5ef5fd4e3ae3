export { type Aside, type AsideEvent, readAsides } from './asides.ts';
export { type Batch, type Booked, batchLength, bookTips, type NewTip } from './booking.ts';
export {
  addCreator,
  addOption,
  type Creator,
  CreatorError,
  closeCreator,
  readCreator,
  readCreators,
  readOptionOwner,
  SHOWS,
  setShows,
  type TipOption,
} from './creators.ts';
export { CursorError, decodeCursor, encodeCursor } from './cursor.ts';
export { HandleError, isHandle, isOptionId, openOptionId, parseHandle } from './handles.ts';
export {
  type CurrentInvoice,
  dropWant,
  type Invoice,
  invoicesOfNode,
  type NewInvoice,
  putCurrentInvoice,
  putRetiredInvoice,
  readCreatorWithInvoice,
  readInvoice,
  readInvoices,
} from './invoices.ts';
export {
  keepLease,
  type Lease,
  LeaseLostError,
  moveCheckpoint,
  type NodeState,
  readNode,
  releaseLease,
  takeLease,
} from './lease.ts';
export { type Ledger, LISTED, TTL, tableDefinition } from './table.ts';
export { bookedSets, publicTipId, readFeed, readTip, type Tip } from './tips.ts';
export { readCreatorWithTotals, readDay, readTotals, type Sum, type Totals } from './totals.ts';
export { dueWants, type Want } from './wants.ts';
