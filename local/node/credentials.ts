import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { Random } from '../../shared/amp/index.ts';
import { exists, PRIVATE, writeWhole } from '../../shared/command/files.ts';
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
  // The certificate last: where it is, its key is.
  await writeWhole(keyPath, made.private, PRIVATE);
  await writeWhole(certPath, made.cert, PRIVATE);
};

const readOrMakeKey = async (
  path: string,
  random: Random,
  fits: (key: Uint8Array) => boolean,
): Promise<Uint8Array> => {
  if (!(await exists(path))) {
    let key = random(32);
    while (!fits(key)) key = random(32);
    await writeWhole(path, Buffer.from(key).toString('hex'), PRIVATE);
  }
  return Buffer.from((await readFile(path, 'utf8')).trim(), 'hex');
};

/**
 * Read a node's keys and certificate from its folder; what isn't there is made: `tls.cert`, `tls.key`, `node.key`, `macaroons.key`.
 * @param now milliseconds since 1970
 */
export async function nodeCredentials(dir: string, random: Random, now: number): Promise<NodeCredentials> {
  const certPath = join(dir, 'tls.cert');
  const keyPath = join(dir, 'tls.key');
  if (!(await exists(certPath))) await makeCertificate(certPath, keyPath, now);
  const privateKey = await readOrMakeKey(join(dir, 'node.key'), random, isPrivateKey);
  return {
    certPath,
    cert: await readFile(certPath, 'utf8'),
    key: await readFile(keyPath, 'utf8'),
    privateKey,
    pubkey: Buffer.from(publicKey(privateKey)).toString('hex'),
    macaroonRootKey: await readOrMakeKey(join(dir, 'macaroons.key'), random, () => true),
  };
}
