import { hash } from 'node:crypto';
import type { Random } from '../../shared/amp/index.ts';
import {
  type InvoiceTerms,
  type Network,
  signAmpInvoice,
  signPlainInvoice,
} from '../../shared/bolt11/index.ts';
import { BLOCK_HEIGHT, FINAL_CLTV_DELTA } from './channel.ts';
import type { NodeCredentials } from './credentials.ts';
import type { InvoiceBook } from './invoices.ts';
import type { Bakery } from './macaroon.ts';
import { decodeZbase32, recoverSigner, signMessage } from './message-signature.ts';
import { readPaymentRequest, withDescriptionHash } from './payment-request.ts';
import { invoiceNotFound, RpcError } from './rpc-error.ts';
import { CHANNEL_ID, rpcFeatures, rpcPayReq } from './rpc-shapes.ts';
import type { Calls, Request } from './server.ts';
import type { NodeStore } from './store.ts';
import { serveInvoices, wholeInvoice } from './subscription.ts';

/** A node's parts, as its calls need them. */
export interface NodeParts {
  network: Network;
  alias: string;
  credentials: NodeCredentials;
  book: InvoiceBook;
  store: NodeStore;
  bakery: Bakery;
  peers: ReadonlyMap<string, unknown>;
  random: Random;
  clock(): number;
}

const AMP_EXPIRY_SECONDS = 2_592_000;
const PLAIN_EXPIRY_SECONDS = 86_400;
const MAX_EXPIRY_SECONDS = 31_536_000;
const MAX_MEMO_BYTES = 639;
const MAX_VALUE_MSAT = 100_000n * 100_000_000_000n;

/** An amount given in sat or in msat, but not in both, and never negative (lnd lnrpc/marshall_utils.go). */
export function readAmount(sat: string, msat: string): bigint {
  const [inSat, inMsat] = [BigInt(sat), BigInt(msat)];
  if (inSat !== 0n && inMsat !== 0n) throw new RpcError('sat and msat arguments are mutually exclusive');
  if (inSat < 0n || inMsat < 0n) throw new RpcError('amount cannot be negative');
  return inSat * 1000n + inMsat;
}

/** A float as Go prints it: 3.1536e+07. */
const goFloat = (value: number): string => {
  const [mantissa, exponent] = value.toExponential().split('e+');
  return `${mantissa}e+${exponent!.padStart(2, '0')}`;
};

const readTerms = (request: Request): { valueMsat: bigint; expirySeconds: number; memo: string } => {
  const memo: string = request.memo;
  const bytes = Buffer.byteLength(memo);
  // BOLT 11 has 10 bits for a field's length in words of 5 bits; what lnd says of a longer memo is about that.
  const { description_hash } = request;
  const inRequest = description_hash.length === 0;
  if (!inRequest && description_hash.length !== 32) {
    throw new RpcError(`description hash is ${description_hash.length} bytes, must be 32`);
  }
  if (inRequest && bytes > MAX_MEMO_BYTES && bytes <= 1024) {
    throw new RpcError(`data length too big to fit within 10 bits: ${Math.ceil((bytes * 8) / 5)}`);
  }
  if (bytes > 1024) throw new RpcError(`memo too large: ${bytes} bytes (maxsize=1024)`);
  const valueMsat = readAmount(request.value, request.value_msat);
  if (valueMsat > MAX_VALUE_MSAT) {
    const bitcoin = Number(valueMsat / 1000n) / 100_000_000;
    throw new RpcError(`invoice amount ${bitcoin} BTC is too large, max is 100000 BTC`);
  }
  const asked = Number(request.expiry);
  if (asked > MAX_EXPIRY_SECONDS) {
    throw new RpcError(
      `expiry of ${goFloat(asked)} seconds greater than max expiry of ${goFloat(MAX_EXPIRY_SECONDS)} seconds`,
    );
  }
  const byDefault = request.is_amp ? AMP_EXPIRY_SECONDS : PLAIN_EXPIRY_SECONDS;
  return { valueMsat, expirySeconds: asked > 0 ? asked : byDefault, memo };
};

const addInvoice = async (parts: NodeParts, request: Request): Promise<object> => {
  const { valueMsat, expirySeconds, memo } = readTerms(request);
  if (request.is_amp && request.r_preimage.length > 0) throw new RpcError('preimage set on AMP invoice');
  const { network, credentials, book, random, clock } = parts;
  const preimage: Uint8Array = request.r_preimage.length > 0 ? request.r_preimage : random(32);
  if (preimage.length !== 32) throw new RpcError(`invalid preimage length of ${preimage.length}, want 32`);
  const paymentHash = request.is_amp ? random(32) : hash('sha256', preimage, 'buffer');
  if (book.byHash(paymentHash.toString('hex')))
    throw new RpcError('invoice with payment hash already exists');
  const paymentAddr = random(32);
  const { description_hash } = request;
  const byHash = description_hash.length > 0;
  const terms: InvoiceTerms = {
    network,
    paymentHash,
    paymentAddr,
    ...(valueMsat > 0n && { amountMsat: valueMsat }),
    description: byHash ? '' : memo,
    createdAt: new Date(clock()),
    expirySeconds,
    minFinalCltvExpiry: FINAL_CLTV_DELTA,
  };
  const sign = request.is_amp ? signAmpInvoice : signPlainInvoice;
  const signed = sign(terms, credentials.privateKey);
  const paymentRequest = byHash
    ? withDescriptionHash(signed, description_hash, network, credentials.privateKey)
    : signed;
  const { invoice, stored } = book.add({
    kind: request.is_amp ? 'amp' : 'plain',
    paymentHash,
    ...(!request.is_amp && { preimage }),
    paymentAddr,
    memo,
    ...(byHash && { descriptionHash: description_hash }),
    valueMsat,
    expirySeconds,
    cltvExpiry: FINAL_CLTV_DELTA,
    paymentRequest,
  });
  await stored;
  const { addIndex } = invoice;
  return {
    r_hash: paymentHash,
    payment_request: paymentRequest,
    add_index: String(addIndex),
    payment_addr: paymentAddr,
  };
};

const listInvoices = ({ book, store }: NodeParts, request: Request): object => {
  const [createdFrom, createdUntil] = [
    Number(request.creation_date_start),
    Number(request.creation_date_end),
  ];
  if (createdFrom !== 0 && createdUntil !== 0 && createdFrom >= createdUntil) {
    throw new RpcError(`start date(${createdFrom}) must be before end date(${createdUntil})`);
  }
  const page = book.list({
    offset: Number(request.index_offset),
    limit: Number(request.num_max_invoices) || 100,
    reversed: request.reversed,
    pendingOnly: request.pending_only,
    createdFrom,
    createdUntil,
  });
  return {
    invoices: page.map((invoice) => wholeInvoice(book, store, invoice)),
    first_index_offset: String(page[0]?.addIndex ?? 0),
    last_index_offset: String(page.at(-1)?.addIndex ?? 0),
  };
};

const lookupInvoice = ({ book, store }: NodeParts, { r_hash, r_hash_str }: Request): object => {
  const paymentHash = r_hash_str === '' ? r_hash.toString('hex') : r_hash_str;
  const length = paymentHash.length / 2;
  if (length !== 0 && length !== 32) {
    throw new RpcError(`payment hash must be exactly 32 bytes, is instead ${length}`);
  }
  const invoice = book.byHash(paymentHash);
  if (invoice === undefined) throw invoiceNotFound();
  return wholeInvoice(book, store, invoice);
};

const getInfo = ({ network, alias, credentials, peers, clock }: NodeParts): object => ({
  version: '0.20.1-beta commit=ampjar-development-node',
  identity_pubkey: credentials.pubkey,
  alias,
  color: '#3399ff',
  num_active_channels: peers.size,
  num_peers: peers.size,
  block_height: BLOCK_HEIGHT,
  block_hash: BLOCK_HEIGHT.toString(16).padStart(64, '0'),
  best_header_timestamp: String(Math.floor(clock() / 1000)),
  synced_to_chain: true,
  synced_to_graph: true,
  testnet: false,
  chains: [{ chain: 'bitcoin', network }],
  uris: [],
  features: rpcFeatures([8, 14, 17, 25, 31]),
});

/** A channel to each peer, announced, up, and never empty. */
const listChannels = ({ peers }: NodeParts, { private_only, inactive_only, peer }: Request): object => {
  const shown = private_only || inactive_only ? [] : [...peers.keys()];
  const asked = peer.toString('hex');
  return {
    channels: shown
      .filter((pubkey) => asked === '' || asked === pubkey)
      .map((remote_pubkey) => ({ active: true, remote_pubkey, chan_id: CHANNEL_ID, private: false })),
  };
};

const verifyMessage = ({ credentials, peers }: NodeParts, { msg, signature }: Request): object => {
  const bytes = decodeZbase32(signature);
  if (bytes === undefined) throw new RpcError('failed to decode signature: invalid zbase32 character');
  const pubkey = recoverSigner(msg, bytes);
  if (pubkey === undefined) return { valid: false };
  // lnd calls a signature valid when its signer is in the graph: here, the node and its peers.
  return { valid: pubkey === credentials.pubkey || peers.has(pubkey), pubkey };
};

/** The calls of lnrpc.Lightning. */
export const lightningCalls = (parts: NodeParts): Calls => ({
  unary: {
    GetInfo: () => getInfo(parts),
    // Of lnd's whole configuration, what decides how the node takes payments; it keeps no log.
    GetDebugInfo: () => ({ config: { 'accept-amp': 'true', 'accept-keysend': 'true' }, log: [] }),
    AddInvoice: (request) => addInvoice(parts, request),
    ListInvoices: (request) => listInvoices(parts, request),
    LookupInvoice: (request) => lookupInvoice(parts, request),
    ListChannels: (request) => listChannels(parts, request),
    DecodePayReq: ({ pay_req }) => rpcPayReq(readPaymentRequest(pay_req, parts.network)),
    BakeMacaroon: ({ permissions, root_key_id }) => ({
      macaroon: Buffer.from(parts.bakery.bake(permissions, root_key_id)).toString('hex'),
    }),
    SignMessage: ({ msg }) => ({ signature: signMessage(msg, parts.credentials.privateKey) }),
    VerifyMessage: (request) => verifyMessage(parts, request),
  },
  streaming: {
    SubscribeInvoices: (stream) =>
      serveInvoices(stream as Parameters<typeof serveInvoices>[0], parts.book, parts.store),
  },
});
