import { Batcher } from '../../shared/concurrency/batcher.ts';
import { Semaphore } from '../../shared/concurrency/semaphore.ts';
import { TokenBuckets } from '../../shared/concurrency/tokenBuckets.ts';
import { TtlCache } from '../../shared/concurrency/ttlCache.ts';
import { type InvoiceRequestLimits, TOO_MANY_INVOICE_REQUESTS } from '../../shared/contract/limits.ts';
import {
  type Creator,
  INVOICE_REQUEST_LISTS,
  type InvoiceReply,
  type InvoiceRequest,
  isOfNode,
  pendingInvoiceRequests,
  readCreator,
  readInvoiceRequests,
  replyToInvoiceRequests,
} from '../../shared/ledger/index.ts';
import { isRefusal, type Minting } from '../invoices/mint.ts';
import { LndError } from '../lnd/contract.ts';

export { INVOICE_REQUEST_LIMITS, type InvoiceRequestLimits } from '../../shared/contract/limits.ts';

/** An unpaid invoice that was requested lives so long. */
export const INVOICE_EXPIRY_SECONDS = 600;
/**
 * Who asked is told after 4.5 seconds that no invoice comes: one made later than this would be for nobody. It
 * counts from when the invoice request was first seen here, for the asker's clock may be another.
 */
const WALLET_WAITS_MS = 3_500;
/** An invoice request from before this connector was there is older than clocks are apart. */
const SURELY_LATE_MS = 60_000;
/** Invoices that are asked of lnd at the same time, so that a flood of invoice requests leaves it time to settle. */
const AT_LND = 8;
/**
 * Batches that are worked on at the same time, and invoice requests in each: the table answers many in the time of one, and none waits until
 * the last of a batch before it is answered.
 */
const BATCHES = 32;
const BATCH = 25;
/** Answers that are written together. */
const MOST_WRITTEN = 50;
/** Invoice requests that wait here; what is beyond waits in the table, for it could not be answered in time. */
const MOST_WAITING = 2_000;
/** What could not be answered, and vanished from the table, is forgotten at last. */
const MOST_REMEMBERED = 10_000;

/** Mints an invoice for each invoice request, a few at a time, and answers it in the table. */
export class InvoiceRequests {
  readonly #minting: Minting;
  readonly #limits: Record<keyof InvoiceRequestLimits, TokenBuckets>;
  readonly #steadyMs: () => number;
  readonly #creators: TtlCache<Creator | undefined>;
  readonly #waiting: string[] = [];
  /** Invoice requests that wait or are worked on. */
  readonly #inHand = new Set<string>();
  /** When an invoice request was first heard of, until it is answered. */
  readonly #firstSeen = new Map<string, number>();
  readonly #atLnd = new Semaphore(AT_LND);
  readonly #idle: (() => void)[] = [];
  readonly #answers: Batcher<{ request: InvoiceRequest; answer: InvoiceReply }, boolean>;

  constructor(
    minting: Minting,
    limits: InvoiceRequestLimits,
    steadyMs: () => number,
    answered: (ids: readonly string[]) => void = () => {},
  ) {
    this.#minting = minting;
    this.#steadyMs = steadyMs;
    this.#answers = new Batcher(async (answers) => {
      const written = await replyToInvoiceRequests(minting.ledger, answers);
      answered(answers.map(({ request }) => request.id));
      return written;
    }, MOST_WRITTEN);
    this.#creators = new TtlCache((handle) => readCreator(minting.ledger, handle), steadyMs);
    this.#limits = {
      all: new TokenBuckets(limits.all, steadyMs),
      creator: new TokenBuckets(limits.creator, steadyMs),
      client: new TokenBuckets(limits.client, steadyMs),
    };
  }

  /** Hear of an invoice request. It may be told of twice, and not be there any more. */
  hint(id: string): void {
    if (this.#inHand.has(id) || this.#waiting.length >= MOST_WAITING) return;
    this.#inHand.add(id);
    if (!this.#firstSeen.has(id)) this.#remember(id);
    this.#waiting.push(id);
    this.#idle.shift()?.();
  }

  #remember(id: string) {
    this.#firstSeen.set(id, this.#steadyMs());
    if (this.#firstSeen.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#firstSeen.keys();
    this.#firstSeen.delete(oldest!);
  }

  /** Find the invoice requests that nobody hinted at. */
  async look(): Promise<void> {
    for (let list = 0; list < INVOICE_REQUEST_LISTS; list++) {
      for await (const { id } of pendingInvoiceRequests(this.#minting.ledger, list)) {
        if (this.#waiting.length >= MOST_WAITING) return;
        this.hint(id);
      }
    }
  }

  /** Answer invoice requests until the signal aborts. @throws LndError when lnd is away */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => {
      for (const resolve of this.#idle.splice(0)) resolve();
    };
    signal.addEventListener('abort', wake);
    try {
      await Promise.all(Array.from({ length: BATCHES }, () => this.#work(signal)));
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  async #work(signal: AbortSignal) {
    while (!signal.aborted) {
      const ids = this.#waiting.splice(0, BATCH);
      if (ids.length === 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
      else await this.#answerAll(ids, signal);
    }
  }

  async #answerAll(ids: readonly string[], signal: AbortSignal) {
    const { ledger, log } = this.#minting;
    // The table's troubles are the asker's to hear of by the time that passes; lnd's end the connection.
    const failed = (error: unknown) => {
      if (error instanceof LndError || signal.aborted) throw error;
      log.warn({ error: String(error) }, 'an ask could not be answered');
    };
    try {
      const requests = await readInvoiceRequests(ledger, ids);
      const open: InvoiceRequest[] = [];
      for (const [at, id] of ids.entries()) {
        const request = requests[at];
        if (request?.status === 'open') open.push(request);
        else this.#firstSeen.delete(id);
      }
      await Promise.all(open.map((request) => this.#answer(request).catch(failed)));
    } catch (error) {
      failed(error);
    } finally {
      for (const id of ids) this.#inHand.delete(id);
    }
  }

  async #answer(request: InvoiceRequest) {
    // Another node's connector answers it. When that is away, the invoice request ends as one that came too late, here or there.
    if (!this.#isLate(request) && !(await this.#isOurs(request))) return;
    const answer = (await this.#refusalOf(request)) ?? (await this.#atLnd.take(() => this.#mint(request)));
    await this.#answers.do({ request, answer });
    this.#firstSeen.delete(request.id);
  }

  async #isOurs({ handle }: InvoiceRequest): Promise<boolean> {
    const creator = await this.#creators.of(handle);
    return isOfNode(this.#minting.lease, creator ?? {});
  }

  async #refusalOf(request: InvoiceRequest): Promise<InvoiceReply | undefined> {
    if (this.#isLate(request)) return TOO_LATE;
    const { all, creator, client } = this.#limits;
    if (!(client.take(request.client) && creator.take(request.handle) && all.take('')))
      return refusal(TOO_MANY_INVOICE_REQUESTS);
    const found = await this.#creators.of(request.handle);
    if (found?.status !== 'active' || !found.options.some(({ id }) => id === request.optionId))
      return refusal('this tip option is not there any more');
    return undefined;
  }

  #isLate({ id, createdAt }: InvoiceRequest): boolean {
    const now = this.#steadyMs();
    const waited = now - (this.#firstSeen.get(id) ?? now);
    return waited > WALLET_WAITS_MS || this.#minting.clock().getTime() - createdAt.getTime() > SURELY_LATE_MS;
  }

  async #mint(request: InvoiceRequest): Promise<InvoiceReply> {
    // Others had their turn at lnd before it.
    if (this.#isLate(request)) return TOO_LATE;
    const { lnd, memos, clock, routeHints, alarms } = this.#minting;
    const { id, handle, optionId, amountMsat, descriptionHash } = request;
    const { memo } = memos.write(handle, { optionId, requestId: id }, clock());
    const expirySeconds = INVOICE_EXPIRY_SECONDS;
    const expiresAt = new Date(clock().getTime() + expirySeconds * 1000);
    try {
      const made = await lnd.addBolt11Invoice({
        memo,
        amountMsat,
        descriptionHash,
        expirySeconds,
        routeHints,
      });
      return { status: 'minted', ...made, expiresAt };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      alarms.raise('mint-failed', { handle, optionId, error: String(error) });
      return refusal('the node refused to make this invoice');
    }
  }
}

const refusal = (reason: string): InvoiceReply => ({ status: 'refused', reason });
const TOO_LATE = refusal('the invoice could not be made in time; ask again');
