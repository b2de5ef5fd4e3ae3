import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeZbase32,
  encodeZbase32,
  publicKey,
  recoverSigner,
  signMessage,
} from '../../../local/node/message-signature.ts';

test('zbase32 gives back what was written', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(decodeZbase32(encodeZbase32(bytes))).toEqual(bytes);
    }),
  );
});

// From the specification's test vectors.
test.each([
  ['f0bfc7', '6n9hq'],
  ['d47a04', '4t7ye'],
  ['00', 'yy'],
])('zbase32 of %s is %s', (bytes, text) => {
  expect(encodeZbase32(Buffer.from(bytes, 'hex'))).toBe(text);
});

test('zbase32 has no l, v, 0 or 2', () => {
  for (const text of ['l', 'v', '0', '2', 'Y', ' ']) expect(decodeZbase32(text)).toBeUndefined();
});

test('a signed message tells who signed it, and an altered one tells of someone else', () => {
  const key = randomBytes(32);
  const message = Buffer.from('tips to alice');
  const signature = decodeZbase32(signMessage(message, key))!;
  const signer = Buffer.from(publicKey(key)).toString('hex');
  expect(recoverSigner(message, signature)).toBe(signer);
  expect(recoverSigner(Buffer.from('tips to mallory'), signature)).not.toBe(signer);
  expect(recoverSigner(message, signature.subarray(1))).toBeUndefined();
});
