import bolt11 from 'bolt11';
import { MAX_MSAT } from '../contract/money.ts';
import { InvoiceError, type InvoiceField } from './invoice-error.ts';
import { COINS, type Network } from './network.ts';

/** What a node puts into an invoice. */
export interface InvoiceTerms {
  network: Network;
  /** 32 bytes; in an AMP invoice it means nothing and is random */
  paymentHash: Uint8Array;
  /** 32 bytes */
  paymentAddr: Uint8Array;
  /** msat; undefined when the payer chooses */
  amountMsat?: bigint;
  /** at most 639 bytes of UTF-8 */
  description: string;
  /** of which whole seconds are kept */
  createdAt: Date;
  expirySeconds: number;
  /** blocks that the last hop needs; lnd asks for its time lock delta, 80 unless it is told otherwise */
  minFinalCltvExpiry?: number;
}

const MAX_DESCRIPTION_BYTES = 639;
const LND_FINAL_CLTV = 80;
/** BOLT 11 gives the timestamp 35 bits. */
const MAX_SECONDS = 2 ** 35 - 1;

type Tag = Parameters<typeof bolt11.encode>[0]['tags'][number];
type Features = Extract<Tag['data'], { word_length: number }>;

const TLV_ONION_AND_PAYMENT_ADDR = {
  var_onion_optin: { required: true },
  payment_secret: { required: true },
};

/** 8, 14 and 30 required. */
const AMP_FEATURES: Features = {
  ...TLV_ONION_AND_PAYMENT_ADDR,
  word_length: 7,
  extra_bits: { start_bit: 30, bits: [true] },
};

/** What lnd gives a plain invoice: 8 and 14 required, 17 (MPP) and 25 (route blinding) optional. */
const PLAIN_FEATURES: Features = {
  ...TLV_ONION_AND_PAYMENT_ADDR,
  word_length: 6,
  basic_mpp: { supported: true },
  extra_bits: { start_bit: 25, bits: [true] },
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const check = (field: InvoiceField, holds: boolean, value: unknown, expected: string): void => {
  if (!holds) throw new InvoiceError(field, String(value), expected);
};

const within = (value: number, min: number, max: number): boolean =>
  Number.isInteger(value) && value >= min && value <= max;

const sign = (terms: InvoiceTerms, features: Features, privateKey: Uint8Array): string => {
  const { network, paymentHash, paymentAddr, amountMsat, description, expirySeconds } = terms;
  const { minFinalCltvExpiry = LND_FINAL_CLTV } = terms;
  const timestamp = Math.floor(terms.createdAt.getTime() / 1000);
  check('network', Object.hasOwn(COINS, network), network, `one of ${Object.keys(COINS).join(', ')}`);
  check('paymentHash', paymentHash.length === 32, `${paymentHash.length} bytes`, '32 bytes');
  check('paymentAddr', paymentAddr.length === 32, `${paymentAddr.length} bytes`, '32 bytes');
  const amountFits = amountMsat === undefined || (amountMsat > 0n && amountMsat <= MAX_MSAT);
  check('amountMsat', amountFits, amountMsat, `a bigint from 1 to ${MAX_MSAT}, or left out`);
  const memoBytes = Buffer.byteLength(description);
  check('description', memoBytes <= MAX_DESCRIPTION_BYTES, `${memoBytes} bytes`, 'at most 639 bytes');
  check('createdAt', within(timestamp, 0, MAX_SECONDS), timestamp, 'a time that 35 bits hold');
  check(
    'expiry',
    within(expirySeconds, 1, MAX_SECONDS),
    expirySeconds,
    'a whole number of seconds from 1 on',
  );
  const cltvFits = within(minFinalCltvExpiry, 1, 0xffff);
  check('minFinalCltvExpiry', cltvFits, minFinalCltvExpiry, 'a whole number from 1 to 65535');
  check('privateKey', privateKey.length === 32, `${privateKey.length} bytes`, '32 bytes');

  const unsigned = bolt11.encode(
    {
      network: COINS[network],
      ...(amountMsat === undefined ? {} : { millisatoshis: amountMsat.toString() }),
      timestamp,
      // lnd's own order
      tags: [
        { tagName: 'payment_hash', data: hex(paymentHash) },
        { tagName: 'description', data: description },
        { tagName: 'min_final_cltv_expiry', data: minFinalCltvExpiry },
        { tagName: 'expire_time', data: expirySeconds },
        { tagName: 'payment_secret', data: hex(paymentAddr) },
        { tagName: 'feature_bits', data: features },
      ],
    },
    false,
  );
  try {
    return bolt11.sign(unsigned, Buffer.from(privateKey)).paymentRequest!;
  } catch {
    // The library's own error isn't passed on: nothing that has seen the key may reach a log.
    throw new InvoiceError('privateKey', '32 bytes', 'a key of the curve secp256k1');
  }
};

/**
 * Make a static AMP invoice as lnd makes it: features 8, 14 and 30 required, and no others.
 * @param privateKey the node's, 32 bytes
 * @returns the payment request
 * @throws InvoiceError
 */
export const signAmpInvoice = (terms: InvoiceTerms, privateKey: Uint8Array): string =>
  sign(terms, AMP_FEATURES, privateKey);

/**
 * Make a plain invoice as lnd makes it, payable once, without AMP: `paymentHash` is what its preimage hashes to.
 * @param privateKey the node's, 32 bytes
 * @returns the payment request
 * @throws InvoiceError
 */
export const signPlainInvoice = (terms: InvoiceTerms, privateKey: Uint8Array): string =>
  sign(terms, PLAIN_FEATURES, privateKey);
