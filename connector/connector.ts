import {
  keepLease,
  type Lease,
  LeaseLostError,
  type Ledger,
  readInvoices,
  releaseLease,
} from '../shared/ledger/index.ts';
import { audit } from './audit.ts';
import { Backoff } from './backoff.ts';
import { BookingQueue } from './bookingQueue.ts';
import { lead, WrongNetworkError } from './leading.ts';
import { eventJson, type Lnd, type Settlement } from './lnd.ts';
import type { Log } from './log.ts';
import { MacaroonError } from './macaroon.ts';
import { optionIdIn } from './memo.ts';
import { adopt, adoptLost, type Minting, mintDue } from './minting.ts';
import { verifySettlement } from './settlement.ts';

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
  /** Names this connector in the lease. */
  readonly holder: string;
  readonly expirySeconds: number;
  readonly routeHints: boolean;
}

const PROBE_EVERY_MS = 2_000;
const AUDIT_EVERY_MS = 600_000;

/** How the connector fares, for its health endpoint. */
export interface Health {
  state: 'connecting' | 'standing by' | 'catching up' | 'live' | 'stopped';
  node?: string;
  waiting: number;
  booked: number;
  known: number;
  setAside: number;
  lastError?: string;
  /** What the last audit found missing, in sets. */
  drift?: number;
}

/** Errors that no waiting mends. */
const isFinal = (error: unknown) => error instanceof MacaroonError || error instanceof WrongNetworkError;

/**
 * The process beside lnd: leads for its node, mints what the table wants, hears of each settled payment and books it.
 * Whatever fails ends the connection; the next one is made anew, with back-off, and finds what was missed.
 */
export class Connector {
  readonly health: Health = { state: 'connecting', waiting: 0, booked: 0, known: 0, setAside: 0 };
  readonly #parts: ConnectorParts;
  #hinted: () => void = () => {};

  constructor(parts: ConnectorParts) {
    this.#parts = parts;
  }

  /** Say that the table may want an invoice: for speed only, it is found anyway. */
  hint(): void {
    this.#hinted();
  }

  /** Run until the signal aborts; what was heard by then is booked. @throws MacaroonError, WrongNetworkError */
  async run(signal: AbortSignal): Promise<void> {
    const { log, chance, sleep } = this.#parts;
    const backoff = new Backoff({ firstMs: 500, mostMs: 30_000, chance, sleep });
    while (!signal.aborted) {
      try {
        await this.#session(signal, () => backoff.reset());
      } catch (error) {
        if (isFinal(error)) throw error;
        if (signal.aborted) break;
        const waitMs = backoff.next();
        this.health.lastError = String(error);
        this.health.state = 'connecting';
        log.warn({ error: String(error), waitMs }, 'connection to lnd or the lease lost, connecting again');
        await sleep(waitMs, signal);
      }
    }
    this.health.state = 'stopped';
  }

  async #session(stop: AbortSignal, live: () => void) {
    const { ledger, log, holder } = this.#parts;
    const lnd = await this.#parts.connect();
    const ended = new AbortController();
    const signal = AbortSignal.any([stop, ended.signal]);
    let lease: Lease | undefined;
    try {
      const { node, network, synced } = await lnd.getInfo();
      this.health.node = node;
      this.health.state = 'standing by';
      // Until it has the chain, lnd takes an AddInvoice and never answers it.
      if (!synced) throw new Error('lnd is not synced to the chain yet');
      const led = await lead(this.#parts, { node, network, holder }, stop);
      if (!led) return;
      lease = led.lease;
      this.health.state = 'catching up';
      await this.#lead(lnd, led, ended, signal, live);
    } finally {
      ended.abort();
      lnd.close();
      if (lease)
        await releaseLease(ledger, lease).catch((error) =>
          log.warn({ error: String(error) }, 'lease not given back'),
        );
    }
  }

  /** All that runs side by side on a connection: the first to fail ends it. */
  async #lead(
    lnd: Lnd,
    { lease, state }: NonNullable<Awaited<ReturnType<typeof lead>>>,
    ended: AbortController,
    signal: AbortSignal,
    live: () => void,
  ) {
    const parts = this.#parts;
    const { ledger, log } = parts;
    const backoff = new Backoff({ firstMs: 50, mostMs: 5_000, chance: parts.chance, sleep: parts.sleep });
    const queue = new BookingQueue({ ledger, lease, backoff, log, token: parts.unique });
    const minting: Minting = { ...parts, lease, lnd };
    const hear = (told: { settlement: Settlement; raw: object }) => this.#hear(minting, queue, told);

    const adopted = await adoptLost(minting, state?.addIndex ?? 0n);
    if (adopted.adopted > 0) log.warn(adopted, 'adopted invoices that the table did not know');

    const booking = queue.run(signal);
    const work = [
      this.#listen(lnd, state?.settleIndex, queue, hear, signal),
      this.#audits(minting, queue, hear, signal, live),
      this.#mint(minting, signal),
      this.#probe(lnd, lease, queue, signal),
    ];
    try {
      await Promise.race([booking, Promise.all(work)]);
    } finally {
      ended.abort();
      await Promise.allSettled([...work, booking]);
      this.#count(queue);
    }
  }

  /** From one below the checkpoint on: lnd skips the settlement after an index that is missing (LND's channeldb). */
  async #listen(
    lnd: Lnd,
    checkpoint: bigint | undefined,
    queue: BookingQueue,
    hear: (told: { settlement: Settlement; raw: object }) => Promise<void>,
    signal: AbortSignal,
  ) {
    const from = checkpoint === undefined ? 0n : checkpoint > 2n ? checkpoint - 1n : 1n;
    for await (const event of lnd.settlements(from, signal)) {
      if (event.kind === 'amp') await hear(event);
      else await queue.push({ settleIndex: event.settleIndex });
    }
  }

  /** One settlement: verified, attributed, and queued; or set aside; or not ours. */
  async #hear(
    minting: Minting,
    queue: BookingQueue,
    { settlement, raw }: { settlement: Settlement; raw: object },
  ) {
    const { log } = this.#parts;
    const { settleIndex, paymentAddr, memo } = settlement;
    const owner = await this.#ownerOf(minting, settlement, raw);
    if (!owner) {
      // An unknown address is someone else's business on this node, unless its memo is ours.
      const reason = 'payment to an invoice with a memo of ours, but no creator has its option';
      if (optionIdIn(memo) === undefined) log.info({ paymentAddr }, 'not ours');
      else log.error({ paymentAddr, reason }, 'set aside');
      return queue.push(
        optionIdIn(memo) === undefined
          ? { settleIndex }
          : { settleIndex, entry: { reason, event: eventJson(raw) } },
      );
    }
    const verified = verifySettlement(settlement);
    if ('refused' in verified) {
      log.error({ paymentAddr, reason: verified.refused }, 'set aside');
      return queue.push({ settleIndex, entry: { reason: verified.refused, event: eventJson(raw) } });
    }
    await queue.push({ settleIndex, entry: { ...verified.set, ...owner, event: eventJson(raw) } });
  }

  readonly #owners = new Map<string, { handle: string; optionId: string }>();

  /** Attribution never changes, so it is remembered. */
  async #ownerOf(minting: Minting, { paymentAddr, memo }: Settlement, raw: object) {
    const remembered = this.#owners.get(paymentAddr);
    if (remembered) return remembered;
    const [invoice] = await readInvoices(this.#parts.ledger, [paymentAddr]);
    const { payment_request, add_index } = raw as { payment_request?: string; add_index?: string };
    const found = {
      paymentRequest: payment_request ?? '',
      paymentAddr,
      memo,
      addIndex: BigInt(add_index ?? 0),
    };
    const owner = invoice ?? (found.paymentRequest === '' ? undefined : await adopt(minting, found));
    if (!owner) return undefined;
    const kept = { handle: owner.handle, optionId: owner.optionId };
    if (this.#owners.size >= 10_000) this.#owners.clear();
    this.#owners.set(paymentAddr, kept);
    return kept;
  }

  async #audits(
    { ledger, lnd, log, lease }: Minting,
    queue: BookingQueue,
    hear: (told: { settlement: Settlement; raw: object }) => Promise<void>,
    signal: AbortSignal,
    live: () => void,
  ) {
    while (!signal.aborted) {
      const { missingSets } = await audit({ ledger, lnd, log, node: lease.node }, hear);
      this.health.drift = missingSets;
      // All that settled before the audit is booked or queued by now, and what came since came in order.
      queue.orderKnown = true;
      this.health.state = 'live';
      live();
      await this.#parts.sleep(AUDIT_EVERY_MS, signal);
    }
  }

  async #mint(minting: Minting, signal: AbortSignal) {
    while (!signal.aborted) {
      const hinted = new Promise<void>((resolve) => {
        this.#hinted = resolve;
      });
      await mintDue(minting);
      await Promise.race([this.#parts.sleep(PROBE_EVERY_MS, signal), hinted]);
    }
  }

  /** A silent node gives its subscription no error: only a call with a deadline tells. Keeps the lease, too. */
  async #probe(lnd: Lnd, lease: Lease, queue: BookingQueue, signal: AbortSignal) {
    while (!signal.aborted) {
      await keepLease(this.#parts.ledger, lease).catch((error) => {
        if (error instanceof LeaseLostError) throw error;
        this.#parts.log.warn({ error: String(error) }, 'no sign of life could be written');
      });
      await lnd.getInfo();
      this.#count(queue);
      await this.#parts.sleep(PROBE_EVERY_MS, signal);
    }
  }

  #count(queue: BookingQueue) {
    Object.assign(this.health, queue.counts, { waiting: queue.length });
  }
}
