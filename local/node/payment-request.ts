import bolt11 from 'bolt11';
import { featureBits, taggedFields } from '../../shared/bolt11/fields.ts';
import { COINS, type Network } from '../../shared/bolt11/network.ts';
import { RpcError } from './rpc-error.ts';

/** What a payer needs of a payment request, AMP or not. Hashes and keys in hex, times in seconds. */
export interface PaymentRequest {
  payee: string;
  paymentHash: string;
  paymentAddr: string;
  /** msat; absent when the payer chooses */
  amountMsat?: bigint;
  /** as they are set, even ones required */
  features: number[];
  timestamp: number;
  expirySeconds: number;
  description: string;
  descriptionHash: string;
  cltvExpiry: number;
  isAmp: boolean;
}

/** BOLT 11: "default is 3600 (1 hour) if not specified"; and 18 blocks for `c`. */
const DEFAULT_EXPIRY_SECONDS = 3_600;
const DEFAULT_FINAL_CLTV = 18;
const AMP_BITS = [30, 31];

const decode = (text: string, network: Network): ReturnType<typeof bolt11.decode> => {
  const coin = COINS[network];
  if (!new RegExp(`^ln${coin.bech32}[0-9]*[munp]?1[^1]*$`).test(text)) {
    throw new RpcError(`invoice not for current active network '${network}'`);
  }
  try {
    return bolt11.decode(text, coin);
  } catch (error) {
    throw new RpcError(`invalid payment request: ${(error as Error).message}`);
  }
};

/**
 * Read a payment request of one network.
 * @throws RpcError when it is none, or of another network
 */
export function readPaymentRequest(paymentRequest: string, network: Network): PaymentRequest {
  const text = paymentRequest.toLowerCase().replace(/^lightning:/, '');
  const { tagsObject: tags, millisatoshis, timestamp, payeeNodeKey } = decode(text, network);
  const features = taggedFields(text).find(({ letter }) => letter === '9');
  const bits = features === undefined ? [] : featureBits(features.words);
  return {
    payee: payeeNodeKey!,
    paymentHash: tags.payment_hash ?? '',
    paymentAddr: tags.payment_secret ?? '',
    ...(millisatoshis && { amountMsat: BigInt(millisatoshis) }),
    features: bits,
    timestamp: timestamp!,
    expirySeconds: tags.expire_time ?? DEFAULT_EXPIRY_SECONDS,
    description: tags.description ?? '',
    descriptionHash: tags.purpose_commit_hash ?? '',
    cltvExpiry: tags.min_final_cltv_expiry ?? DEFAULT_FINAL_CLTV,
    isAmp: bits.some((bit) => AMP_BITS.includes(bit)),
  };
}

/**
 * Sign a payment request again, with the hash of a description (32 bytes) in place of the description itself: BOLT 11's field
 * `h` for `d`.
 * @param privateKey that of the payee
 */
export function withDescriptionHash(
  paymentRequest: string,
  descriptionHash: Uint8Array,
  network: Network,
  privateKey: Uint8Array,
): string {
  const coin = COINS[network];
  const { timestamp, millisatoshis, tags } = bolt11.decode(paymentRequest, coin);
  const data = Buffer.from(descriptionHash).toString('hex');
  const unsigned = bolt11.encode(
    {
      network: coin,
      timestamp,
      ...(millisatoshis && { millisatoshis }),
      tags: tags.map((tag) =>
        tag.tagName === 'description' ? { tagName: 'purpose_commit_hash', data } : tag,
      ),
    },
    false,
  );
  return bolt11.sign(unsigned, Buffer.from(privateKey)).paymentRequest!;
}
