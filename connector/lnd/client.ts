import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { untilAborted } from '../../shared/concurrency/untilAborted.ts';
import { toEvent } from '../payments/events.ts';
import { type Bolt11State, highest, type Lnd, LndError } from './contract.ts';
import { hex, markOf, toInvoice, toSets } from './messages.ts';
import { type LndCredentials, openServices, type Service } from './services.ts';

export { CALLS, HINT_CALL } from './calls.ts';

/**
 * HTLCs that a page of invoices is aimed at: lnd lists with an AMP invoice those of all its payments, and can't be told not to.
 * At some kilobytes each in memory they, not the invoices, are what a page costs.
 */
const PAGE_HTLCS = 5_000;
const MOST_LISTED = 100;
const NOT_FOUND = 5;
/** What an lnd that never made an invoice says of any (lnd invoices/errors.go). */
const NO_INVOICES = 'there are no existing invoices';
const DEADLINE_MS = 15_000;
/** gRPC ends a call at its deadline and says so; a call that it says nothing of is given up so long after. */
const GIVEN_UP_MS = 1_000;
const DEADLINE_EXCEEDED = 4;

/** A raw call of a service, by its name in lower camel case, as `getInfo`. @throws LndError, also when `deadlineMs` have passed */
export async function callLnd(
  service: Service,
  method: string,
  request: object,
  deadlineMs = DEADLINE_MS,
): Promise<any> {
  let call: { cancel(): void } | undefined;
  const answer = new Promise((resolve, reject) => {
    // gRPC takes a deadline as a point in time; without one a silent node would hold the call for ever.
    const options = { deadline: new Date(Date.now() + deadlineMs) };
    call = service[method](request, options, (error: ServiceError | null, told: unknown) =>
      error ? reject(new LndError(method, error)) : resolve(told),
    );
  });
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new LndError(method, { code: DEADLINE_EXCEEDED, details: `no answer in ${deadlineMs} ms` }));
    call?.cancel();
  }, deadlineMs + GIVEN_UP_MS);
  try {
    return await untilAborted(answer, late.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Connect to lnd by ln-service's clients. */
export function connectLnd(credentials: LndCredentials, deadlineMs = DEADLINE_MS): Lnd {
  const lnd = openServices(credentials);
  const { default: lightning, invoices } = lnd as Record<'default' | 'invoices', Service>;

  const call = (service: Service, method: string, request: object) =>
    callLnd(service, method, request, deadlineMs);
  let pageSize = 1;
  const listInvoices = async (after: bigint, most: number) => {
    const num_max_invoices = String(Math.min(most, pageSize));
    const answer = await call(lightning, 'listInvoices', {
      index_offset: after.toString(),
      num_max_invoices,
    });
    const htlcs = answer.invoices.reduce((sum: number, each: any) => sum + each.htlcs.length, 0);
    // The next page holds as many as are aimed at, if its invoices are like these, and twice as many as this at most.
    const fits = htlcs === 0 ? MOST_LISTED : Math.floor((answer.invoices.length * PAGE_HTLCS) / htlcs);
    pageSize = Math.max(1, Math.min(fits, 2 * pageSize, MOST_LISTED));
    return answer;
  };
  const lookUp = async (request: object) => {
    try {
      return await call(invoices, 'lookupInvoiceV2', request);
    } catch (error) {
      if (error instanceof LndError && (error.code === NOT_FOUND || error.details === NO_INVOICES))
        return undefined;
      throw error;
    }
  };

  return {
    async getInfo() {
      const { identity_pubkey, chains, synced_to_chain } = await call(lightning, 'getInfo', {});
      return { node: identity_pubkey, network: chains[0].network, synced: synced_to_chain };
    },
    async addAmpInvoice({ memo, amountMsat = 0n, expirySeconds, routeHints }) {
      const answer = await call(lightning, 'addInvoice', {
        memo,
        value_msat: amountMsat.toString(),
        expiry: String(expirySeconds),
        private: routeHints,
        is_amp: true,
      });
      return {
        paymentRequest: answer.payment_request,
        paymentAddr: hex(answer.payment_addr),
        memo,
        addIndex: BigInt(answer.add_index),
      };
    },
    async addBolt11Invoice({ memo, amountMsat, descriptionHash, expirySeconds, routeHints }) {
      const answer = await call(lightning, 'addInvoice', {
        memo,
        value_msat: amountMsat.toString(),
        description_hash: Buffer.from(descriptionHash, 'hex'),
        expiry: String(expirySeconds),
        private: routeHints,
      });
      return { paymentRequest: answer.payment_request, paymentHash: hex(answer.r_hash) };
    },
    async listBolt11Invoices(after, most) {
      const answer = await listInvoices(after, most);
      const last = BigInt(answer.last_index_offset);
      return {
        invoices: answer.invoices.filter((each: any) => !each.is_amp && !each.is_keysend).map(toBolt11State),
        last: last > after ? last : undefined,
      };
    },
    async listAmpInvoices(after, most) {
      const answer = await listInvoices(after, most);
      const last = BigInt(answer.last_index_offset);
      return {
        invoices: answer.invoices.filter((each: any) => each.is_amp && each.payment_request).map(toInvoice),
        last: last > after ? last : undefined,
        settledUpTo: highest(
          answer.invoices
            .flatMap((each: any) => [each, ...Object.values<any>(each.amp_invoice_state)])
            .map((each: any) => BigInt(each.settle_index)),
        ),
      };
    },
    async invoiceFrom(addIndex) {
      const [first] = (await listInvoices(addIndex > 0n ? addIndex - 1n : 0n, 1)).invoices;
      return first && { addIndex: BigInt(first.add_index), mark: markOf(first) };
    },
    async ampState(paymentAddr) {
      const request = { payment_addr: Buffer.from(paymentAddr, 'hex'), lookup_modifier: 'HTLC_SET_BLANK' };
      const invoice = await lookUp(request);
      return invoice && { sets: toSets(invoice), cancelled: invoice.state === 'CANCELED' };
    },
    async lookUpSet(setId) {
      const raw = await lookUp({ set_id: Buffer.from(setId, 'hex'), lookup_modifier: 'HTLC_SET_ONLY' });
      if (!raw) return undefined;
      const event = toEvent(raw);
      return event.kind === 'other' ? undefined : event;
    },
    async privateChannels() {
      const { channels } = await call(lightning, 'listChannels', { private_only: true });
      return channels.map(({ chan_id, alias_scids, peer_scid_alias, zero_conf_confirmed_scid }: any) =>
        [chan_id, ...alias_scids, peer_scid_alias, zero_conf_confirmed_scid].map(String),
      );
    },
    async *settlements(settleIndex, signal) {
      const stream: ClientReadableStream<any> = lightning.subscribeInvoices({
        settle_index: settleIndex.toString(),
      });
      const cancel = () => stream.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      if (signal.aborted) cancel();
      try {
        for await (const raw of stream) {
          if (raw.state !== 'SETTLED') continue;
          yield toEvent(raw);
        }
      } catch (error) {
        if (signal.aborted) return;
        throw new LndError('subscribeInvoices', error as ServiceError);
      } finally {
        signal.removeEventListener('abort', cancel);
        stream.cancel();
      }
      // lnd's graceful stop ends the stream without an error.
      if (!signal.aborted)
        throw new LndError('subscribeInvoices', { code: 14, details: 'lnd ended the stream' });
    },
    close() {
      for (const service of Object.values(lnd)) service.close();
    },
  };
}

function toBolt11State(raw: any): Bolt11State {
  const over = raw.state === 'SETTLED' || raw.state === 'CANCELED';
  const invoice = { ...toInvoice(raw), paymentHash: hex(raw.r_hash), over };
  if (raw.state !== 'SETTLED') return invoice;
  const event = toEvent(raw);
  return event.kind === 'other' ? invoice : { ...invoice, settled: event };
}
