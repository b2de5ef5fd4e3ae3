import type { Ledger } from '../shared/ledger/index.ts';
import type { Lnd } from './lnd/contract.ts';
import type { Log } from './log.ts';
import type { InvoiceRequestLimits } from './requests/invoiceRequests.ts';
import type { WakeMessages } from './requests/wakeMessages.ts';

/** What a connector is made of. */
export interface ConnectorParts {
  readonly ledger: Ledger;
  /** Reads certificate and macaroon anew and connects. */
  connect(): Promise<Lnd>;
  readonly log: Log;
  clock(): Date;
  /** Milliseconds of a clock that never jumps. */
  steadyMs(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Evenly from 0 to 1. */
  chance(): number;
  /** A new unique text. */
  unique(): string;
  /** So many bytes that nobody can guess. */
  random(length: number): Uint8Array;
  /** Of the software that runs; told in the table. */
  readonly version: string;
  /** Names this connector in the lease. */
  readonly holder: string;
  readonly expirySeconds: number;
  readonly routeHints: boolean;
  /** Payments that an invoice takes before it is replaced; {@link ROTATE_AFTER} unless told. */
  readonly rotateAfter?: number;
  /** How long an invoice is kept at least, unless its age ends it; an hour unless told. */
  readonly rotateRestMs?: number;
  /** Tells of asks for invoices as they come; without it they are found a little later. */
  readonly wakeMessages?: WakeMessages;
  /** How many invoices may be asked for; {@link ASK_LIMITS} unless told. */
  readonly invoiceRequestLimits?: InvoiceRequestLimits;
  /** Let a node in that the table does not know, though it knows another. */
  readonly anotherNode?: boolean;
}
