import type { Rate } from '../concurrency/tokenBuckets.ts';

/** How many invoices may be asked for: each costs the node one. */
export interface InvoiceRequestLimits {
  readonly all: Rate;
  readonly creator: Rate;
  readonly client: Rate;
}

export const INVOICE_REQUEST_LIMITS: InvoiceRequestLimits = {
  all: { perSecond: 50, burst: 500 },
  creator: { perSecond: 20, burst: 200 },
  client: { perSecond: 1, burst: 20 },
};

/** What who asks too often is told, by whichever side sees it first. */
export const TOO_MANY_INVOICE_REQUESTS = 'too many invoices were asked for; try again in a minute';
