import { setMaxListeners } from 'node:events';
import { Backoff } from '../shared/concurrency/backoff.ts';
import {
  currentInvoices,
  isForGood,
  isOfNode,
  keepLease,
  type Lease,
  LeaseLostError,
  moveHints,
  type NodeState,
  type PaymentKind,
  putMintRequest,
  WANT_HINT,
} from '../shared/ledger/index.ts';
import type { Discrepancies } from './audit/audit.ts';
import { Auditing } from './audit/auditing.ts';
import type { Alarms } from './health/alarms.ts';
import { VitalSignsTeller } from './health/heartbeat.ts';
import type { RecentAlarms } from './health/recentAlarms.ts';
import { adoptLost } from './invoices/adopt.ts';
import type { Memos } from './invoices/memo.ts';
import { Mint, type Minting, ROTATE_AFTER } from './invoices/mint.ts';
import { resume } from './invoices/resume.ts';
import { earliestRotation, hintsAreStale } from './invoices/rotation.ts';
import {
  type Lnd,
  LndError,
  type LndEvent,
  type SettledPayment,
  type Settlement,
  type Unreadable,
} from './lnd/contract.ts';
import { Nudge } from './nudge.ts';
import type { ConnectorParts } from './parts.ts';
import type { DustWatch } from './payments/belowMinimum.ts';
import { type BookingCounts, BookingQueue } from './payments/bookingQueue.ts';
import { receivedEntryOf } from './payments/entry.ts';
import type { Owners } from './payments/handler.ts';
import { HANDLERS, ofEachKind } from './payments/kinds.ts';
import { INVOICE_REQUEST_LIMITS, InvoiceRequests } from './requests/invoiceRequests.ts';
import { atMost, ledgerUntil } from './stopping.ts';

const LOOK_EVERY_MS = 2_000;
const AUDIT_EVERY_MS = 600_000;
/** A busy node's replay may never fall silent: after so long its order counts as known. */
const ORDER_KNOWN_AFTER_MS = 60_000;

/** lnd's first settle index. */
const FIRST = 1n;

const settleIndexOf = (event: Exclude<LndEvent, { kind: 'unreadable' }>): bigint =>
  event.kind === 'other' ? event.settleIndex : event.settlement.settleIndex;

/** What a session does side by side listens to one signal, some of it twice: 17 at most. More than this is a leak, of which Node warns. */
const MOST_LISTENERS = 25;

/** What waits is booked within this once the session ends; a table that does not answer holds it up no longer. */
const STOPS_WITHIN_MS = 5_000;

/** What waits for longer, or a table that does not answer for longer, is told; and once a minute while it lasts. */
export const BEHIND_AFTER_MS = 15_000;
const TELL_AGAIN_MS = 60_000;

/** What a session tells the connector of. */
export interface Watcher {
  readonly alarms: Alarms;
  readonly recentAlarms: RecentAlarms;
  readonly dust: DustWatch;
  readonly counts: BookingCounts;
  /** All that was settled before is booked. */
  live(drift: Discrepancies): void;
  /** Where it is, every two seconds. */
  at(place: Place): void;
}

/** How many wait, how far the node is, and what is wrong, in words. */
export interface Place {
  readonly waiting: number;
  readonly settleIndex: bigint | undefined;
  readonly trouble: string | undefined;
}

/** A connection to lnd while leading for it: minting, listening, auditing and probing side by side. The first to fail ends it. */
export class Session {
  readonly #parts: ConnectorParts;
  readonly #watcher: Watcher;
  readonly #lnd: Lnd;
  readonly #lease: Lease;
  readonly #state: NodeState | undefined;
  readonly #ended: AbortController;
  readonly #signal: AbortSignal;
  readonly #minting: Minting;
  readonly #queue: BookingQueue;
  readonly #owners: Readonly<Record<PaymentKind, Owners<Settlement>>>;
  readonly #invoiceRequests: InvoiceRequests;
  readonly #vitalSigns: VitalSignsTeller;
  readonly #mintSoon = new Nudge();
  readonly #auditSoon = new Nudge();
  /** Since when the table was asked for a sign of life that it has not taken yet. */
  #unwrittenSinceMs: number | undefined;
  #behindToldMs: number | undefined;

  constructor(
    parts: ConnectorParts,
    watcher: Watcher,
    {
      lnd,
      lease,
      memos,
      state,
      ended,
    }: {
      /** Each of whose calls ends with the connection. */
      lnd: Lnd;
      lease: Lease;
      memos: Memos;
      state: NodeState | undefined;
      /** Aborts when the connection is to end, and when the session has. */
      ended: AbortController;
    },
  ) {
    this.#ended = ended;
    this.#signal = ended.signal;
    setMaxListeners(MOST_LISTENERS, this.#signal);
    // What was heard is booked after the end, too; all else ends with the signal.
    this.#parts = { ...parts, ledger: ledgerUntil(parts.ledger, this.#signal) };
    this.#watcher = watcher;
    this.#lnd = lnd;
    this.#lease = lease;
    this.#state = state;
    const { alarms, dust, counts } = watcher;
    this.#minting = {
      ...this.#parts,
      rotateAfter: parts.rotateAfter ?? ROTATE_AFTER,
      lease,
      lnd: this.#lnd,
      memos,
      alarms,
      patiently: (write) => this.#patiently(write),
    };
    this.#queue = new BookingQueue(
      { ...parts, lease, alarms, dust, backoff: this.#backoff(), token: parts.unique },
      counts,
    );
    this.#owners = ofEachKind((handler) => handler.owners(this.#minting));
    this.#vitalSigns = new VitalSignsTeller({ ...this.#parts, lease, alarms: watcher.recentAlarms });
    this.#invoiceRequests = new InvoiceRequests(
      this.#minting,
      parts.invoiceRequestLimits ?? INVOICE_REQUEST_LIMITS,
      parts.steadyMs,
      (ids) => parts.wakeMessages?.answered?.(ids),
    );
  }

  /** Say that the table may mint request an invoice: for speed only, it is found anyway. */
  hint(): void {
    this.#mintSoon.nudge();
  }

  /** Until the signal aborts; what was heard by then is booked within seconds, or told again next time. @throws whatever ended the connection */
  async run(): Promise<void> {
    const { log } = this.#parts;
    const { addIndex, plainIndex, hints } = await resume(this.#lnd, this.#watcher.alarms, this.#state);
    // Before anything is minted: what comes after these indexes is not lost when this session ends early.
    if (hints) await this.#patiently(() => moveHints(this.#parts.ledger, this.#lease, hints));
    const { adopted, last, settledUpTo } = await adoptLost(this.#minting, addIndex);
    if (adopted > 0)
      log.warn({ adopted, addIndex: last.toString() }, 'adopted invoices that the table did not know');
    // Of a node's first connector. What was settled to invoices that others minted before it is none of ours; where some of ours were found,
    // or a first start was cut short, all of it is heard anew.
    const checkpoint =
      this.#state?.settleIndex ?? (await this.#begin(addIndex > 0n || adopted > 0 ? 0n : settledUpTo));
    const booking = this.#queue.run(this.#signal);
    const work = [
      this.#listen(checkpoint),
      ...(checkpoint === 0n ? [this.#listenForFirst()] : []),
      this.#audits(plainIndex),
      this.#mint(),
      this.#answerAsks(),
      this.#probe(),
      this.#watch(),
    ];
    try {
      await Promise.race([booking, Promise.all(work)]);
    } finally {
      this.#ended.abort();
      await atMost(STOPS_WITHIN_MS, this.#parts.sleep, Promise.allSettled([...work, booking]));
      this.#tell();
    }
  }

  /** Remember where this node's books begin, before anything is minted: what is paid while no connector is there is heard by the next one. */
  async #begin(settleIndex: bigint): Promise<bigint> {
    await this.#patiently(() => moveHints(this.#parts.ledger, this.#lease, { settleIndex }));
    this.#parts.log.info({ settleIndex: settleIndex.toString() }, "the node's books begin here");
    return settleIndex;
  }

  /** From one below the checkpoint on: lnd skips the settlement after an index that is missing (LND's channeldb). */
  async #listen(checkpoint: bigint) {
    const { alarms } = this.#watcher;
    const from = checkpoint > 2n ? checkpoint - 1n : 1n;
    const known = checkpoint < from ? checkpoint : from;
    let last: bigint | undefined;
    let reused = false;
    this.#queue.replaying = true;
    for await (const event of this.#lnd.settlements(from, this.#signal)) {
      const settleIndex = event.kind === 'unreadable' ? 0n : settleIndexOf(event);
      if (settleIndex > 0n) {
        if (settleIndex <= known && !reused) {
          reused = true;
          this.#queue.replaying = false;
          alarms.raise('index-reused', {
            checkpoint: checkpoint.toString(),
            settleIndex: settleIndex.toString(),
          });
          this.#auditSoon.nudge();
        }
        if (this.#queue.orderKnown && last !== undefined && settleIndex > last + 1n) {
          alarms.raise('index-gap', { after: last.toString(), settleIndex: settleIndex.toString() });
          this.#auditSoon.nudge();
        }
        if (last === undefined || settleIndex > last) last = settleIndex;
      }
      await this.#take(event);
    }
  }

  /**
   * The first settlement of a node that was never paid. When it is of a BOLT11 invoice, lnd tells it to no subscription from 1 on,
   * and one from 0 is told nothing of what was before: so such a node is listened to in both ways.
   */
  async #listenForFirst() {
    for await (const event of this.#lnd.settlements(0n, this.#signal)) {
      const isOurs =
        event.kind !== 'other' && event.kind !== 'unreadable' && !HANDLERS[event.kind].firstIsReplayed;
      if (isOurs && event.settlement.settleIndex === FIRST) await this.#take(event);
      return;
    }
  }

  #take(event: LndEvent): Promise<void> {
    return this.#queue.reading(() => {
      if (event.kind === 'other') return this.#queue.push({ settleIndex: event.settleIndex });
      if (event.kind === 'unreadable') return this.#receive(event, {});
      return this.#receive(event, { settleIndex: event.settlement.settleIndex });
    });
  }

  /** One payment: verified, attributed, and queued; or set aside; or not ours. */
  async #receive(payment: SettledPayment | Unreadable, position: { settleIndex?: bigint }) {
    const { alarms } = this.#watcher;
    const seen = 'reason' in payment ? {} : { paymentAddr: payment.settlement.paymentAddr };
    const entry = await receivedEntryOf(payment, this.#owners);
    const written = entry && !('unverified' in entry) ? entry : undefined;
    if (!entry) this.#parts.log.info(seen, 'not ours');
    else if ('unverified' in entry) alarms.raise('memo-unverified', { ...seen, reason: entry.unverified });
    else if ('reason' in entry) alarms.raise('set-aside', { ...seen, reason: entry.reason });
    await this.#queue.push({ ...position, ...(written && { entry: written }) });
  }

  /** lnd's books against the table: at once, every ten minutes, and when lnd's indexes look wrong. */
  async #audits(plainIndex: bigint) {
    const { clock, sleep, steadyMs, routeHints } = this.#parts;
    const auditing = new Auditing(
      { ...this.#minting, ...this.#parts },
      {
        caughtUp: (settleIndex) => this.#queue.caughtUp(settleIndex, this.#signal),
        found: (payment) => this.#receive(payment, {}),
        gone: async ({ handle, optionId, status }) => {
          if (status === 'current') await this.#requestMint(handle, optionId, clock());
        },
      },
      { auditCursor: this.#state?.auditCursor, plainIndex },
    );
    const began = steadyMs();
    while (!this.#signal.aborted) {
      const { drift, firstExpiry } = await auditing.run(this.#signal);
      this.#vitalSigns.audited(drift, firstExpiry);
      this.#watcher.live(drift);
      if (routeHints) await this.#renewStaleHints();
      const settled = () => steadyMs() - began >= ORDER_KNOWN_AFTER_MS || this.#queue.isQuiet();
      while (!this.#queue.orderKnown && !this.#signal.aborted && !settled())
        await sleep(LOOK_EVERY_MS, this.#signal);
      this.#queue.orderKnown = true;
      this.#queue.replaying = false;
      await this.#auditSoon.sleep(sleep, AUDIT_EVERY_MS, this.#signal);
    }
  }

  async #renewStaleHints() {
    const { ledger, clock, rotateRestMs } = this.#parts;
    const channels = await this.#lnd.privateChannels();
    for await (const invoice of currentInvoices(ledger, this.#lease.node)) {
      if (earliestRotation(invoice, rotateRestMs) > clock()) continue;
      if (hintsAreStale(invoice.paymentRequest, channels))
        await this.#requestMint(invoice.handle, invoice.optionId, clock());
    }
  }

  async #requestMint(handle: string, optionId: string, due: Date) {
    await this.#patiently(() => putMintRequest(this.#parts.ledger, this.#lease, { handle, optionId, due }));
    this.hint();
  }

  /** Asks for invoices of one's own: hinted at, and looked for every now and then. */
  async #answerAsks() {
    const { wakeMessages, sleep } = this.#parts;
    const looking = async () => {
      while (!this.#signal.aborted) {
        await this.#patiently(() => this.#invoiceRequests.look());
        await sleep(LOOK_EVERY_MS, this.#signal);
      }
    };
    const isOurs = (node?: string) => isOfNode(this.#lease, { node });
    const hearing = async () => {
      while (wakeMessages && !this.#signal.aborted) {
        for (const id of await wakeMessages.next(this.#signal, isOurs)) {
          if (id === WANT_HINT) this.hint();
          else this.#invoiceRequests.hint(id);
        }
      }
    };
    await Promise.all([this.#invoiceRequests.run(this.#signal), looking(), hearing()]);
  }

  async #mint() {
    const mint = new Mint(this.#minting);
    while (!this.#signal.aborted) {
      await this.#patiently(() => mint.due());
      await this.#mintSoon.sleep(this.#parts.sleep, LOOK_EVERY_MS, this.#signal);
    }
  }

  /** A silent node gives its subscription no error: only a call with a deadline tells. Keeps the lease, too. */
  async #probe() {
    const { ledger, log, sleep } = this.#parts;
    while (!this.#signal.aborted) {
      try {
        this.#unwrittenSinceMs ??= this.#parts.steadyMs();
        // A checkpoint that moves and vital signs that are told are signs of life, too.
        const moved = await this.#queue.saveCheckpoint();
        const told = await this.#vitalSigns.tell(this.#queue);
        if (!moved && !told) await keepLease(ledger, this.#lease);
        this.#unwrittenSinceMs = undefined;
      } catch (error) {
        if (error instanceof LeaseLostError || this.#signal.aborted) throw error;
        log.warn({ error: String(error) }, 'no sign of life could be written');
      }
      await this.#lnd.getInfo();
      await sleep(LOOK_EVERY_MS, this.#signal);
    }
  }

  /** By itself, so that it tells whatever answers and what does not. */
  async #watch() {
    while (!this.#signal.aborted) {
      this.#tell();
      await this.#parts.sleep(LOOK_EVERY_MS, this.#signal);
    }
  }

  #tell() {
    const { length: waiting, reached: settleIndex } = this.#queue;
    this.#watcher.at({ waiting, settleIndex, trouble: this.#trouble(waiting) });
  }

  #trouble(waiting: number): string | undefined {
    if (this.#signal.aborted) return undefined;
    const now = this.#parts.steadyMs();
    const waitMs = this.#queue.longestWaitMs();
    const silentMs = now - (this.#unwrittenSinceMs ?? now);
    const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
    const troubles = [
      ...(silentMs >= BEHIND_AFTER_MS ? [`the table has taken nothing for ${seconds(silentMs)}`] : []),
      ...(waitMs >= BEHIND_AFTER_MS ? [`the first has waited for ${seconds(waitMs)}`] : []),
    ];
    if (troubles.length === 0) return undefined;
    if (this.#behindToldMs === undefined || now - this.#behindToldMs >= TELL_AGAIN_MS) {
      this.#behindToldMs = now;
      this.#watcher.alarms.raise('behind', { waiting, waitMs, silentMs });
    }
    return troubles.join(', ');
  }

  /** Again while the table is busy or away; what lnd or the lease says ends the connection. */
  #patiently<T>(attempt: () => Promise<T>): Promise<T> {
    return this.#backoff().untilDone(
      attempt,
      (error) => !(error instanceof LndError || error instanceof LeaseLostError || isForGood(error)),
      (error, waitMs) =>
        this.#parts.log.warn({ error: String(error), waitMs }, 'the table did not answer, trying again'),
      this.#signal,
    );
  }

  #backoff = () =>
    new Backoff({ firstMs: 50, mostMs: 5_000, chance: this.#parts.chance, sleep: this.#parts.sleep });
}
