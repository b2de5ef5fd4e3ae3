import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { Random } from '../../shared/amp/index.ts';
import { isPrivateKey, publicKey } from './message-signature.ts';

/** What a node is known by, and where the files are. */
export interface NodeCredentials {
  certPath: string;
  cert: string;
  key: string;
  /** 32 bytes */
  privateKey: Uint8Array;
  /** hex, 33 bytes */
  pubkey: string;
  /** 32 bytes */
  macaroonRootKey: Uint8Array;
}

const DAY_MS = 86_400_000;
/** lnd's certificates are good for 14 months. */
const CERTIFICATE_DAYS = 425;

/** Write a file that only its owner reads. */
export const writeSecret = (path: string, content: string | Uint8Array): void =>
  writeFileSync(path, content, { mode: 0o600, flag: 'wx' });

const makeCertificate = async (certPath: string, keyPath: string, now: number): Promise<void> => {
  const made = await generate(
    [
      { name: 'commonName', value: 'localhost' },
      { name: 'organizationName', value: 'ampjar development node' },
    ],
    {
      keyType: 'ec',
      curve: 'P-256',
      algorithm: 'sha256',
      // A day of slack for a clock that was set back.
      notBeforeDate: new Date(now - DAY_MS),
      notAfterDate: new Date(now + CERTIFICATE_DAYS * DAY_MS),
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        {
          name: 'keyUsage',
          digitalSignature: true,
          keyEncipherment: true,
          keyCertSign: true,
          critical: true,
        },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            { type: 7, ip: '127.0.0.1' },
          ],
        },
      ],
    },
  );
  writeSecret(keyPath, made.private);
  writeFileSync(certPath, made.cert);
};

const readOrMakeKey = (path: string, random: Random, fits: (key: Uint8Array) => boolean): Uint8Array => {
  if (!existsSync(path)) {
    let key = random(32);
    while (!fits(key)) key = random(32);
    writeSecret(path, Buffer.from(key).toString('hex'));
  }
  return Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
};

/**
 * Read a node's keys and certificate from its folder; what isn't there is made: `tls.cert`, `tls.key`, `node.key`, `macaroons.key`.
 * @param now milliseconds since 1970
 */
export async function nodeCredentials(dir: string, random: Random, now: number): Promise<NodeCredentials> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const certPath = join(dir, 'tls.cert');
  const keyPath = join(dir, 'tls.key');
  if (!existsSync(certPath)) await makeCertificate(certPath, keyPath, now);
  const privateKey = readOrMakeKey(join(dir, 'node.key'), random, isPrivateKey);
  return {
    certPath,
    cert: readFileSync(certPath, 'utf8'),
    key: readFileSync(keyPath, 'utf8'),
    privateKey,
    pubkey: Buffer.from(publicKey(privateKey)).toString('hex'),
    macaroonRootKey: readOrMakeKey(join(dir, 'macaroons.key'), random, () => true),
  };
}
