import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

interface Secp256k1 {
  ecdsaSign(message: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number };
  ecdsaRecover(signature: Uint8Array, recid: number, message: Uint8Array, compressed: true): Uint8Array;
  publicKeyCreate(privateKey: Uint8Array, compressed: true): Uint8Array;
  privateKeyVerify(privateKey: Uint8Array): boolean;
}

// The curve that signs payment requests is bolt11's dependency; messages are signed with the same copy.
const load = createRequire(createRequire(import.meta.url).resolve('bolt11'));
const secp256k1 = load('secp256k1') as Secp256k1;

const PREFIX = 'Lightning Signed Message:';
const ZBASE32 = 'ybndrfg8ejkmcpqxot1uwisza345h769';
const COMPRESSED = 4;
const FIRST_HEADER = 27;

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const digest = (message: Uint8Array): Buffer => sha256(sha256(Buffer.concat([Buffer.from(PREFIX), message])));

/** Write bytes in zbase32, five bits a character, the last ones filled up with zero bits. */
export function encodeZbase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ZBASE32[(held >>> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ZBASE32[(held << (5 - bits)) & 31] : text;
}

/** Read zbase32; gives undefined for a character that isn't of its alphabet. */
export function decodeZbase32(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const character of text) {
    const value = ZBASE32.indexOf(character);
    if (value < 0) return undefined;
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push(held >>> bits);
      held &= (1 << bits) - 1;
    }
  }
  return Uint8Array.from(bytes);
}

/** Whether 32 bytes can be a private key of secp256k1. */
export const isPrivateKey = (key: Uint8Array): boolean =>
  key.length === 32 && secp256k1.privateKeyVerify(key);

/** The public key of a private one: 33 bytes, compressed. */
export const publicKey = (privateKey: Uint8Array): Uint8Array => secp256k1.publicKeyCreate(privateKey, true);

/**
 * Sign a message with a node key, as lnd's SignMessage does: double SHA-256 of a prefix and the message, a compact
 * recoverable signature (65 bytes) in zbase32.
 */
export function signMessage(message: Uint8Array, privateKey: Uint8Array): string {
  const { signature, recid } = secp256k1.ecdsaSign(digest(message), privateKey);
  return encodeZbase32(Buffer.concat([Uint8Array.of(FIRST_HEADER + COMPRESSED + recid), signature]));
}

/** The public key (hex) that made a signature of {@link signMessage}, or undefined when none did. */
export function recoverSigner(message: Uint8Array, signature: Uint8Array): string | undefined {
  const recid = (signature[0] ?? 0) - FIRST_HEADER - COMPRESSED;
  if (signature.length !== 65 || recid < 0 || recid > 3) return undefined;
  try {
    const signer = secp256k1.ecdsaRecover(signature.subarray(1), recid, digest(message), true);
    return Buffer.from(signer).toString('hex');
  } catch {
    return undefined;
  }
}
