import { bookedSets, type Ledger } from '../shared/ledger/index.ts';
import { streaming } from '../test/regtest/harness/grpc.ts';
import type { WireInvoice } from '../test/regtest/harness/invoices.ts';
import type { LndNode } from '../test/regtest/harness/lnd.ts';

/**
 * Times each payment from the moment at which a subscription of this process is told that it settled, to the first
 * consistent read that finds its row. All that are awaited are asked for in one read, and read follows on read.
 */
export class Stopwatch {
  readonly #ledger: Ledger;
  readonly #node: string;
  readonly #since = new Map<string, number>();
  readonly #stream;
  #wake = () => {};
  #stopped = false;
  /** Milliseconds from event to row. */
  readonly latencies: number[] = [];
  /** Milliseconds that reads took. */
  readonly reads: number[] = [];

  constructor({ lnd, pubkey }: LndNode, ledger: Ledger) {
    this.#ledger = ledger;
    this.#node = pubkey;
    this.#stream = streaming<WireInvoice>(lnd.default, 'subscribeInvoices');
    // Its end is an error to the stream: it is cancelled.
    this.#stream.on('error', () => {});
    this.#stream.on('data', ({ state, amp_invoice_state }: WireInvoice) => {
      if (state !== 'SETTLED') return;
      for (const setId of Object.keys(amp_invoice_state)) this.#since.set(setId, performance.now());
      this.#wake();
    });
  }

  /** Look for rows until it is stopped. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      if (this.#since.size > 0) await this.#look();
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  async #look() {
    const asked = performance.now();
    const booked = await bookedSets(this.#ledger, this.#node, [...this.#since.keys()]);
    const found = performance.now();
    this.reads.push(found - asked);
    for (const setId of booked.keys()) {
      this.latencies.push(found - this.#since.get(setId)!);
      this.#since.delete(setId);
    }
  }

  /** Whether nothing is awaited. */
  get idle() {
    return this.#since.size === 0;
  }

  /** Forget what was measured. */
  reset() {
    this.latencies.length = 0;
    this.reads.length = 0;
  }

  stop() {
    this.#stopped = true;
    this.#wake();
    this.#stream.cancel();
  }
}
