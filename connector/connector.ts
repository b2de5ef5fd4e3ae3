import { Backoff } from '../shared/concurrency/backoff.ts';
import { withLinkedController } from '../shared/concurrency/untilAborted.ts';
import { releaseLease } from '../shared/ledger/index.ts';
import { type Discrepancies, discrepanciesIn } from './audit/audit.ts';
import { type Alarm, Alarms } from './health/alarms.ts';
import { RecentAlarms } from './health/recentAlarms.ts';
import { openMemos } from './invoices/memo.ts';
import { lead, OtherNodeError, WrongNetworkError } from './lease.ts';
import { MacaroonError } from './lnd/macaroon.ts';
import type { ConnectorParts } from './parts.ts';
import { DustWatch } from './payments/belowMinimum.ts';
import { type Place, Session } from './session.ts';
import { atMost, ledgerUntil, lndUntil, unlessAborted } from './stopping.ts';

/** How the connector fares, for its health endpoint. */
export interface Health {
  state: 'connecting' | 'standing by' | 'catching up' | 'live' | 'stopped';
  node?: string;
  /** Heard, and not booked yet. */
  waiting: number;
  /** What is wrong though it leads, in words; nothing while all is well. */
  trouble?: string;
  /** Since the process began. */
  booked: number;
  known: number;
  setAside: number;
  alarms: Partial<Record<Alarm, number>>;
  lastError?: string;
  /** In how many sets and invoices the last audit found that table and lnd differ. */
  drift?: number;
}

/** A lease that the table does not take back within this is taken over when it has shown no sign of life for a while. */
const RELEASES_WITHIN_MS = 2_000;

/** Whether a connector does what it is for: it leads and books, or stands by. */
export const isWell = ({ state, trouble }: Health): boolean =>
  state === 'standing by' || (state === 'live' && trouble === undefined);

/** Errors that no waiting mends. */
const isFinal = (error: unknown) =>
  error instanceof MacaroonError || error instanceof WrongNetworkError || error instanceof OtherNodeError;

/**
 * The process beside lnd: leads for its node, mints what the table wants, hears of each settled payment and books it.
 * Whatever fails ends the connection; the next one is made anew, with back-off, and finds what was missed.
 */
export class Connector {
  readonly health: Health;
  readonly #parts: ConnectorParts;
  readonly #alarms: Alarms;
  readonly #recentAlarms: RecentAlarms;
  readonly #dust: DustWatch;
  #session: Session | undefined;

  constructor(parts: ConnectorParts) {
    this.#parts = parts;
    this.#alarms = new Alarms(parts.log);
    this.#recentAlarms = new RecentAlarms(this.#alarms, parts.steadyMs);
    this.#dust = new DustWatch(this.#alarms, parts.steadyMs);
    const counts = { waiting: 0, booked: 0, known: 0, setAside: 0 };
    this.health = { state: 'connecting', ...counts, alarms: this.#alarms.counts };
  }

  /** Say that the table may want an invoice: for speed only, it is found anyway. */
  hint(): void {
    this.#session?.hint();
  }

  /** Run until the signal aborts; what was heard by then is booked, and all ends within seconds. @throws MacaroonError, WrongNetworkError, OtherNodeError */
  async run(signal: AbortSignal): Promise<void> {
    const { log, chance, sleep } = this.#parts;
    const backoff = new Backoff({ firstMs: 500, mostMs: 30_000, chance, sleep });
    while (!signal.aborted) {
      try {
        await withLinkedController(signal, (ended) => this.#connection(ended, () => backoff.reset()));
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

  /** Until it fails or the signal aborts; what listens to the controller goes with the connection. */
  async #connection(ended: AbortController, live: () => void) {
    const stop = ended.signal;
    const { ledger, log, holder, sleep, anotherNode = false } = this.#parts;
    const lnd = lndUntil(await unlessAborted(stop, () => this.#parts.connect()), stop);
    try {
      const { node, network, synced } = await lnd.getInfo();
      this.health.node = node;
      // Until it has the chain, lnd takes an AddInvoice and never answers it.
      if (!synced) throw new Error('lnd is not synced to the chain yet');
      const standingBy = () => {
        this.health.state = 'standing by';
      };
      const untilStop = { ...this.#parts, ledger: ledgerUntil(ledger, stop), standingBy };
      const led = await lead(untilStop, { node, network, holder, anotherNode }, stop);
      if (!led) return;
      try {
        this.health.state = 'catching up';
        const memos = await openMemos(this.#parts, led.lease);
        this.#session = new Session(this.#parts, this.#watcher(live), { lnd, memos, ended, ...led });
        await this.#session.run();
      } finally {
        this.#session = undefined;
        delete this.health.trouble;
        const released = releaseLease(ledger, led.lease).catch((error) =>
          log.warn({ error: String(error) }, 'lease not given back'),
        );
        await atMost(RELEASES_WITHIN_MS, sleep, released);
      }
    } finally {
      lnd.close();
    }
  }

  #watcher(live: () => void) {
    const { health } = this;
    const { log } = this.#parts;
    let booked = health.booked;
    return {
      alarms: this.#alarms,
      recentAlarms: this.#recentAlarms,
      dust: this.#dust,
      counts: health,
      live(drift: Discrepancies) {
        health.drift = discrepanciesIn(drift);
        health.state = 'live';
        live();
      },
      at({ waiting, settleIndex, trouble }: Place) {
        health.waiting = waiting;
        if (trouble === undefined) delete health.trouble;
        else health.trouble = trouble;
        if (health.state === 'catching up' && health.booked > booked)
          log.info({ booked: health.booked, waiting, settleIndex: settleIndex?.toString() }, 'catching up');
        booked = health.booked;
      },
    };
  }
}
