import type { NewTip } from '../../shared/ledger/index.ts';
import type { AuditCheckpoints, AuditParts, KindAudit } from '../audit/audit.ts';
import type { AttributionParts, Owner, Unverified } from '../invoices/attribution.ts';
import type { Settlement } from '../lnd/contract.ts';
import type { InvoiceMessage } from '../lnd/messages.ts';

/** What a payment says of itself: all of its row but whose it is. */
export type SaidPayment = Omit<NewTip, 'handle' | 'optionId' | 'event'>;

/** Whose payments of a kind are. */
export interface Owners<S extends Settlement> {
  /** By the table, and by a memo that verifies; undefined when it is someone else's business on this node. */
  of(settlement: S): Promise<Owner | { readonly refused: string } | Unverified | undefined>;
  /** When its memo does not verify: on an operator's word, by what it says. */
  onWord(settlement: S): Promise<Owner | { readonly refused: string }>;
}

/** How the connector takes payments of a kind: a file each, and a place in the list of kinds.ts. */
export interface PaymentHandler<S extends Settlement = Settlement> {
  /**
   * Whether lnd tells a node's first settlement, when it is of this kind, to a subscription from index 1 on. To one from 0 it tells
   * nothing of what was before.
   */
  readonly firstIsReplayed: boolean;
  /** Whether a settled message of lnd's tells of an invoice of this kind. */
  isIn(message: InvoiceMessage): boolean;
  /** The payment that such a message tells of; undefined when it tells of none, or of several. @throws when it can't be read */
  read(message: InvoiceMessage): S | undefined;
  /** The id of its payment (hex), of a message that can't be read otherwise. */
  idIn(message: InvoiceMessage): string | undefined;
  /** What a payment says of itself, true or not, and why it is not true, if so. */
  verify(settlement: S): { readonly said: SaidPayment; readonly fault?: string };
  /** Whose payments are, for as long as a connection lasts. */
  owners(parts: AttributionParts): Owners<S>;
  /** What may be lost: lnd's books of this kind against the table, from where an audit before came to. */
  audit(parts: AuditParts, from: AuditCheckpoints): KindAudit;
}

/** The end of the year 9999, in seconds since 1970. */
const LAST_SECOND = 253_402_300_799n;

/** Whether seconds since 1970, as lnd tells them, are a time at which something may have been settled. */
export const isTime = (seconds: bigint) => seconds > 0n && seconds <= LAST_SECOND;
