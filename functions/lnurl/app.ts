import { createHmac } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { type Context, Hono } from 'hono';
import { Batcher } from '../../shared/concurrency/batcher.ts';
import { type Rate, TokenBuckets } from '../../shared/concurrency/tokenBuckets.ts';
import { TtlCache } from '../../shared/concurrency/ttlCache.ts';
import {
  INVOICE_REQUEST_LIMITS,
  type InvoiceRequestLimits,
  TOO_MANY_INVOICE_REQUESTS,
} from '../../shared/contract/limits.ts';
import {
  isHandle,
  isOptionId,
  type Ledger,
  type NewInvoiceRequest,
  putInvoiceRequests,
  readCreator,
} from '../../shared/ledger/index.ts';
import { preflight } from '../http/preflight.ts';
import { asProblem, Problem } from '../http/problem.ts';
import { queryValue } from '../http/query.ts';
import { respondTo } from '../http/representation.ts';
import { canonicalPath, pathOf } from '../http/spelling.ts';
import { problemAt } from '../pages/problemAt.ts';
import { InvoiceWaiter, type ReplyHints } from './invoiceWaiter.ts';
import { invoiceFor, LnurlError, type PayParts, payRequest, verification } from './pay.ts';

export interface LnurlOptions
  extends Omit<PayParts, 'creators' | 'invoiceRequests' | 'answers' | 'mayRequest'> {
  readonly ledger: Ledger;
  readonly sleep: (ms: number) => Promise<void>;
  /** Tells of answers, where the connector runs in this process; without it they are looked for more often. */
  readonly answerHints?: ReplyHints;
  /** The address of who asks, as the server sees it. */
  readonly addressOf: (c: Context) => string;
  /** How often one address may ask of this process; that of {@link INVOICE_REQUEST_LIMITS} unless told. */
  readonly clientRate?: Rate;
  /** What the connector would refuse, from however many processes: it is refused before the table is written. */
  readonly invoiceRequestLimits?: Pick<InvoiceRequestLimits, 'creator' | 'all'>;
  /** How many callbacks are worked on at a time; {@link MOST_AT_ONCE} unless told. */
  readonly mostAtOnce?: number;
  /** Hears of errors that are ours. */
  readonly report?: (error: unknown) => void;
}

/** What one process can answer in time, with room: a flood gets an error at once, in place of all getting one late. */
export const MOST_AT_ONCE = 100;

/** Asks that are written together. */
const MOST_WRITTEN = 50;

/** All say no-store: an answer is one wallet's own, or may change at any time. */
const HEADERS = {
  'access-control-allow-origin': '*',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
};

const errorBody = (reason: string) => ({ status: 'ERROR', reason });

/**
 * LNURL-pay and Lightning Addresses. Errors come as LNURL has them, `{status: "ERROR", reason}`, and with status 200:
 * LUD-01 gives no meaning to HTTP's, and many wallets show a reason with no other. An address that is none of LNURL's is not there, 404.
 *
 * A wallet is answered at whatever spelling of an address it asks, for many follow no redirection: LUD-16 has names in lower case, and
 * people write them as they like.
 */
export function lnurlApp(options: LnurlOptions): Hono {
  const {
    addressOf,
    clientRate = INVOICE_REQUEST_LIMITS.client,
    invoiceRequestLimits = INVOICE_REQUEST_LIMITS,
    mostAtOnce = MOST_AT_ONCE,
    report = () => {},
  } = options;
  const { ledger, steadyMs, sleep, random } = options;
  const ofCreator = new TokenBuckets(invoiceRequestLimits.creator, steadyMs);
  const ofAll = new TokenBuckets(invoiceRequestLimits.all, steadyMs);
  const parts: PayParts = {
    ...options,
    // Not known yet where a server is told its port only as it starts.
    get baseUrl() {
      return options.baseUrl;
    },
    creators: new TtlCache((handle) => readCreator(ledger, handle), steadyMs),
    invoiceRequests: new Batcher(
      (requests: readonly NewInvoiceRequest[]) => putInvoiceRequests(ledger, requests),
      MOST_WRITTEN,
    ),
    answers: new InvoiceWaiter(ledger, steadyMs, sleep, options.answerHints),
    mayRequest: (handle) => ofCreator.take(handle) && ofAll.take(''),
  };
  let callbacks = 0;
  const clients = new TokenBuckets(clientRate, steadyMs);
  const key = random(32);
  const app = new Hono({ getPath: (request) => canonicalPath(pathOf(request)) });

  const give = async (c: Context, make: () => Promise<object>) => {
    try {
      return c.json(await make(), 200, HEADERS);
    } catch (error) {
      const told = error instanceof LnurlError ? error : asProblem(error, report);
      return c.json(errorBody(told.message), 200, HEADERS);
    }
  };

  /** Stands for an address in the table and can't be turned back: the key is this process's own. */
  const clientOf = (c: Context) =>
    createHmac('sha256', key)
      .update(network(addressOf(c)))
      .digest('base64url')
      .slice(0, 16);

  const named = (c: Context) => {
    const handle = c.req.param('handle') ?? '';
    if (!isHandle(handle)) throw new LnurlError('there is no such creator here');
    const optionId = c.req.param('option') ?? queryValue(c.req, 'option');
    if (optionId !== undefined && !isOptionId(optionId)) throw new LnurlError('there is no such tip option');
    return { handle, optionId };
  };

  app.get('/.well-known/lnurlp/:handle', (c) =>
    give(c, async () => {
      const { handle, optionId } = named(c);
      return payRequest(parts, handle, optionId);
    }),
  );
  app.get('/.well-known/lnurlp/:handle/callback/:option?', (c) =>
    give(c, async () => {
      // Who asks for headers alone wants no invoice, and could not be told of one.
      if (c.req.method === 'HEAD') return {};
      if (callbacks >= mostAtOnce) throw new LnurlError('busy; try again in a moment');
      callbacks++;
      try {
        const client = clientOf(c);
        const asked = {
          ...named(c),
          amount: queryValue(c.req, 'amount'),
          comment: queryValue(c.req, 'comment'),
          client,
        };
        if (!clients.take(client)) throw new LnurlError(TOO_MANY_INVOICE_REQUESTS);
        return await invoiceFor(parts, asked);
      } finally {
        callbacks--;
      }
    }),
  );
  app.get('/lnurl/verify/:id', (c) => give(c, () => verification(ledger, c.req.param('id'))));
  app.options('*', preflight);
  app.notFound((c) => {
    const problem = problemAt(c.req.path, new Problem('unknown-path', 'No such address.'));
    return respondTo(c.req.raw, problem);
  });
  return app;
}

/**
 * The address itself, or of IPv6 its network of 64 bits: who has one has all of its addresses. An IPv4 address that a
 * socket of both kinds writes as IPv6 is IPv4.
 */
function network(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail = ''] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => text.split(':').filter(Boolean);
  const zeros = Array(8 - groups(head).length - groups(tail).length).fill('0');
  return [...groups(head), ...zeros, ...groups(tail)].slice(0, 4).join(':');
}
