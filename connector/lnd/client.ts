import { createRequire } from 'node:module';
import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { untilAborted } from '../../shared/concurrency/untilAborted.ts';
import { is32Bytes } from '../../shared/ledger/index.ts';
import {
  highest,
  type Lnd,
  LndError,
  type LndEvent,
  type LndInvoice,
  type PlainSettlement,
  type PlainState,
  type SetState,
  type Settlement,
  type Shard,
  type Unreadable,
} from './contract.ts';

/** What the connector needs to reach lnd: `socket` as host:port, certificate and macaroon as read from their files. */
export interface LndCredentials {
  readonly socket: string;
  readonly cert: Uint8Array;
  readonly macaroon: Uint8Array;
}

/** The calls that the connector makes; its macaroon allows these and no more. */
export const CALLS = [
  '/lnrpc.Lightning/GetInfo',
  '/lnrpc.Lightning/AddInvoice',
  '/lnrpc.Lightning/ListInvoices',
  '/lnrpc.Lightning/SubscribeInvoices',
  '/invoicesrpc.Invoices/LookupInvoiceV2',
] as const;

/** What it calls besides when invoices carry route hints. */
export const HINT_CALL = '/lnrpc.Lightning/ListChannels';

export type Service = { close(): void } & Record<string, any>;
const lnService: {
  authenticatedLndGrpc(auth: { cert: string; macaroon: string; socket: string }): {
    lnd: Record<string, Service>;
  };
} = createRequire(import.meta.url)('ln-service');

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
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** ln-service's connection: lnd's services by name, each with its raw calls. Nothing is sent before the first one. */
export function openServices({ socket, cert, macaroon }: LndCredentials): Record<string, Service> {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return lnService.authenticatedLndGrpc({ cert: base64(cert), macaroon: base64(macaroon), socket }).lnd;
}

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

/** Connect to lnd by ln-service. */
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
    async addPlainInvoice({ memo, amountMsat, descriptionHash, expirySeconds, routeHints }) {
      const answer = await call(lightning, 'addInvoice', {
        memo,
        value_msat: amountMsat.toString(),
        description_hash: Buffer.from(descriptionHash, 'hex'),
        expiry: String(expirySeconds),
        private: routeHints,
      });
      return { paymentRequest: answer.payment_request, paymentHash: hex(answer.r_hash) };
    },
    async listPlainInvoices(after, most) {
      const answer = await listInvoices(after, most);
      const last = BigInt(answer.last_index_offset);
      return {
        invoices: answer.invoices.filter((each: any) => !each.is_amp && !each.is_keysend).map(toPlainState),
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
      return event.kind === 'amp' || event.kind === 'unreadable' ? event : undefined;
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

/**
 * What names an invoice of any kind, hex: its payment hash, or its payment address where it has none, as one that a spontaneous AMP
 * payment made. The address alone would not do: that of every keysend is zeros.
 */
export const markOf = (raw: { r_hash: Uint8Array; payment_addr: Uint8Array }): string =>
  hex(raw.r_hash.length > 0 ? raw.r_hash : raw.payment_addr);

/** A settled message of the subscription, as the rest of the connector sees it. */
export function toEvent(raw: any): LndEvent {
  try {
    if (!raw.is_amp && !raw.is_keysend) return { kind: 'plain', settlement: toPlainSettlement(raw), raw };
    const settlement = raw.is_amp ? toSettlement(raw) : undefined;
    return settlement
      ? { kind: 'amp', settlement, raw }
      : { kind: 'other', settleIndex: BigInt(raw.settle_index) };
  } catch (error) {
    return { kind: 'unreadable', ...unreadable(raw, error) };
  }
}

function unreadable(raw: any, error: unknown): Unreadable {
  const sets = Object.keys(raw.amp_invoice_state ?? {});
  const name = raw.is_amp ? (sets.length === 1 ? sets[0] : undefined) : hex(raw.r_hash ?? new Uint8Array());
  return {
    reason: `a message that can't be read: ${(error as Error).message}`,
    raw,
    ...(name !== undefined && is32Bytes(name) && { setId: name }),
  };
}

function toPlainState(raw: any): PlainState {
  const over = raw.state === 'SETTLED' || raw.state === 'CANCELED';
  const invoice = { ...toInvoice(raw), paymentHash: hex(raw.r_hash), over };
  if (raw.state !== 'SETTLED') return invoice;
  const event = toEvent(raw);
  return event.kind === 'plain' || event.kind === 'unreadable' ? { ...invoice, settled: event } : invoice;
}

const toInvoice = (raw: any): LndInvoice => ({
  paymentRequest: raw.payment_request,
  paymentAddr: hex(raw.payment_addr),
  memo: raw.memo,
  addIndex: BigInt(raw.add_index),
  creationDate: BigInt(raw.creation_date),
});

const toSets = (raw: any): SetState[] =>
  Object.entries<any>(raw.amp_invoice_state)
    .filter(([, set]) => set.state === 'SETTLED')
    .map(([setId, set]) => ({
      setId,
      settleIndex: BigInt(set.settle_index),
      amountMsat: BigInt(set.amt_paid_msat),
    }));

/**
 * The one settled set in a message of lnd's. Top-level index, date and amounts are not the set's own for AMP (lnd
 * invoices/update.go), so they are not looked at. A message with several sets tells of an invoice, not of a payment.
 */
export function toSettlement(raw: any): Settlement | undefined {
  const sets = Object.entries<any>(raw.amp_invoice_state);
  const [setId, set] = sets[0] ?? [];
  if (sets.length !== 1 || setId === undefined || set.state !== 'SETTLED') return undefined;
  return {
    ...toInvoice(raw),
    setId,
    settleIndex: BigInt(set.settle_index),
    settledAt: BigInt(set.settle_time),
    amountMsat: BigInt(set.amt_paid_msat),
    // A set may have had HTLCs that failed before it settled; they paid nothing.
    shards: raw.htlcs.filter((htlc: any) => htlc.state === 'SETTLED').map(toShard),
  };
}

/** The payment of a settled plain invoice. */
const toPlainSettlement = (raw: any): PlainSettlement => ({
  ...toInvoice(raw),
  paymentHash: raw.r_hash,
  preimage: raw.r_preimage,
  settleIndex: BigInt(raw.settle_index),
  settledAt: BigInt(raw.settle_date),
  amountMsat: BigInt(raw.amt_paid_msat),
  parts: raw.htlcs.filter((htlc: any) => htlc.state === 'SETTLED').map((htlc: any) => BigInt(htlc.amt_msat)),
});

const toShard = (htlc: any): Shard => ({
  amountMsat: BigInt(htlc.amt_msat),
  share: htlc.amp?.root_share ?? new Uint8Array(),
  childIndex: htlc.amp?.child_index ?? 0,
  hash: htlc.amp?.hash ?? new Uint8Array(),
  preimage: htlc.amp?.preimage ?? new Uint8Array(),
  setId: hex(htlc.amp?.set_id ?? new Uint8Array()),
  resolvedAt: BigInt(htlc.resolve_time),
  records: new Map(
    Object.entries<Uint8Array>(htlc.custom_records).map(([key, value]) => [recordType(key), value]),
  ),
});

/** The loader of ln-service gives a 64-bit map key as the eight characters of its little-endian bytes. */
const recordType = (key: string) =>
  key.length === 8 ? Buffer.from(key, 'latin1').readBigUInt64LE() : BigInt(key);

/** More of a message than this, in characters, is payers' records, which hardly compress: an item of the table could not hold it whole. */
const MOST_EVENT_CHARS = 600_000;

/**
 * An event as JSON, bytes in hex: what is kept when it has to be set aside. A payer's records lie on every shard, byte for byte the same,
 * so of a message that is too long those of the first one are kept, and it can be read again.
 */
export function eventJson(raw: object): string {
  const whole = jsonOf(raw);
  return whole.length <= MOST_EVENT_CHARS ? whole : jsonOf(withRecordsOnce(raw));
}

const jsonOf = (raw: object) =>
  JSON.stringify(raw, (_, value) =>
    value?.type === 'Buffer' && Array.isArray(value.data) ? Buffer.from(value.data).toString('hex') : value,
  );

const withRecordsOnce = (raw: any) => ({
  ...raw,
  htlcs: (raw.htlcs ?? []).map((htlc: any, at: number) => ({
    ...htlc,
    custom_channel_data: '',
    ...(at > 0 && { custom_records: {} }),
  })),
});
