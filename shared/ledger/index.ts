export { AllowanceError } from './allowances.ts';
export {
  type ApiKey,
  ApiKeyError,
  createKey,
  isKeyId,
  isToken,
  listKeys,
  listKeysPage,
  noteUse,
  readKeyByToken,
  revokeKey,
  type Scope,
} from './apiKeys.ts';
export {
  batchLength,
  bookTips,
  InvoiceMissingError,
  type NewTip,
} from './booking.ts';
export {
  type CheckedSums,
  forgetChecked,
  readChecked,
  readCheckTurn,
  readDays,
  readWrongSums,
  saveChecked,
  saveCheckTurn,
} from './checked.ts';
export { ItemError } from './codec.ts';
export {
  addCreator,
  addOption,
  type Creator,
  CreatorChangedError,
  CreatorError,
  closeCreator,
  editCreator,
  labelOption,
  MOST_NAME,
  readCreator,
  readCreators,
  readCreatorsPage,
  readOptionOwner,
  removeOption,
  reopenCreator,
  requestMint,
  requestMints,
  type TipOption,
} from './creators.ts';
export { CursorError, decodeCursor, encodeCursor } from './cursor.ts';
export {
  type Attempt,
  claim,
  DELIVERY_LISTS,
  type Delivery,
  type DeliveryRef,
  deliveryId,
  deliveryList,
  dueDeliveries,
  type Ending,
  enqueueDeliveries,
  enqueueTest,
  finish,
  firstDelivery,
  isDeliveryId,
  type NewDelivery,
  noteDelivery,
  putOff,
  type QueuedDelivery,
  readAddressee,
  readDeliveries,
  requeueDeliveries,
} from './deliveries.ts';
export {
  decodeEventCursor,
  EventCursorError,
  encodeEventCursor,
  readableTip,
  readEvents,
  readTipRows,
  type TipRow,
} from './events.ts';
export { readGone } from './gone.ts';
export {
  HANDED_BLOCK,
  type Handed,
  isHanded,
  markHanded,
  moveHandedThrough,
  readHanded,
  readHandles,
  unhandedNumbers,
} from './handed.ts';
export { HandleError, isHandle, isOptionId, openOptionId, parseHandle } from './handles.ts';
export { type Hint, readHint, WANT_HINT, writeHint } from './hints.ts';
export {
  type Claim,
  claimedRandom,
  claimRequest,
  keepAnswer,
  releaseClaim,
  seal,
  unseal,
  yieldClaim,
} from './idempotency.ts';
export {
  INVOICE_REQUEST_LISTS,
  type InvoiceReply,
  type InvoiceRequest,
  type NewInvoiceRequest,
  pendingInvoiceRequests,
  putInvoiceRequest,
  putInvoiceRequests,
  readInvoiceRequest,
  readInvoiceRequests,
  replyToInvoiceRequest,
  replyToInvoiceRequests,
} from './invoiceRequests.ts';
export {
  type CurrentInvoice,
  currentInvoices,
  dropMintRequest,
  type Invoice,
  type NewInvoice,
  putCurrentInvoice,
  putMintRequest,
  putRetiredInvoice,
  readCreatorWithInvoice,
  readCurrentInvoices,
  readInvoice,
  readInvoices,
  readPaidInvoices,
  retiredInvoices,
  retireInvoice,
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
export {
  ensureMemoSecret,
  keepMemo,
  memoHolder,
  readMemoSecret,
  replaceMemoSecret,
} from './memos.ts';
export { dueMintRequests, firstMintRequest, type MintRequest } from './mintRequests.ts';
export { assignNode, isOfNode, moveHome, NodeError, retireNode } from './nodes.ts';
export { countParked, park, readParked } from './parked.ts';
export { ofKind, PAYMENT_KIND_NAMES, PAYMENT_KINDS, type PaymentKind } from './paymentKinds.ts';
export {
  closeQuarantined,
  countOpenQuarantined,
  type EventToQuarantine,
  forgetQuarantined,
  is32Bytes,
  paymentToQuarantine,
  type QuarantinedEvent,
  quarantinedAmong,
  readQuarantine,
  readQuarantinedEvent,
} from './quarantine.ts';
export { isIn, type Range, rangesText, sizeOf } from './ranges.ts';
export {
  type Comparison,
  compareSums,
  type Difference,
  differences,
  isInOrder,
  isMendable,
  newlyGone,
  replaceSums,
} from './rebuild.ts';
export { type ScannedRows, scanRows } from './scanRows.ts';
export { type Ledger, TTL, tableDefinition } from './table.ts';
export {
  bookedSets,
  eraseText,
  fingerprint,
  publicTipId,
  readAllTips,
  readFeed,
  readFeedAfter,
  readNewest,
  readTip,
  readTips,
  type Tip,
} from './tips.ts';
export {
  dayOf,
  lastSequence,
  NOTHING,
  plus,
  readCreatorWithTotals,
  readDay,
  readTotals,
  type Sum,
  type Totals,
} from './totals.ts';
export { isForGood } from './transaction.ts';
export { ALARMS_COUNT_MS, readVitalSigns, saveVitalSigns, type VitalSigns } from './vitals.ts';
export {
  beginReplay,
  changeWebhook,
  deleteWebhook,
  endReplay,
  MOST_WEBHOOKS,
  noteFailure,
  noteSuccess,
  OLD_SECRET_MS,
  putWebhook,
  readWebhook,
  readWebhooks,
  rotateSecret,
  switchOff,
  TooManyWebhooksError,
  validSecrets,
  type Webhook,
  WebhookChangedError,
  WebhookMissingError,
} from './webhooks.ts';
