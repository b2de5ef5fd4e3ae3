import { X509Certificate } from 'node:crypto';
import { callLnd } from '../lnd/client.ts';
import { LndError } from '../lnd/contract.ts';
import type { Service } from '../lnd/services.ts';
import type { Findings } from './findings.ts';

/** lnd as it tells of itself. */
export interface NodeFacts {
  /** Node pubkey, hex. */
  readonly node: string;
  readonly network: string;
  /** As `0.20.1-beta commit=v0.20.1-beta`. */
  readonly version: string;
  readonly synced: boolean;
  /** Feature bit 31: it knows AMP. */
  readonly knowsAmp: boolean;
}

/** The first lnd whose AMP invoices can be paid again, and whose sets can be looked up one by one (its release notes 0.14.0). */
const LEAST_VERSION = [0, 14, 0] as const;
/** The lnd that the tests run on. */
const TRIED_VERSION = [0, 20, 1] as const;
/** @see BOLT 9: an odd bit is optional */
const AMP_OPTIONAL = 31;
const DAY_MS = 86_400_000;
const EXPIRES_SOON_DAYS = 30;

/** Ask lnd about itself. @throws LndError */
export async function readNodeFacts(lightning: Service): Promise<NodeFacts> {
  const { identity_pubkey, chains, version, synced_to_chain, features } = await callLnd(
    lightning,
    'getInfo',
    {},
  );
  return {
    node: identity_pubkey,
    network: chains[0].network,
    version,
    synced: synced_to_chain,
    knowsAmp: AMP_OPTIONAL in features || AMP_OPTIONAL - 1 in features,
  };
}

/**
 * Whether lnd runs with `accept-amp`; undefined when it doesn't tell. No feature bit does: the configuration is told with the log,
 * by a call that the admin macaroon allows (lnd 0.18 and later).
 */
export async function acceptsAmp(lightning: Service): Promise<boolean | undefined> {
  try {
    const { config } = await callLnd(lightning, 'getDebugInfo', {});
    const value = config['accept-amp'];
    return value === undefined ? undefined : value === 'true';
  } catch (error) {
    if (error instanceof LndError) return undefined;
    throw error;
  }
}

/** Tell how an lnd does for the connector. @returns whether it is fit to be connected to, now or later */
export function judgeNode(facts: NodeFacts, findings: Findings): boolean {
  const { node, network, version, synced, knowsAmp } = facts;
  findings.ok('lnd', `node ${node} on ${network}`);
  const numbers = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  const isOld = !numbers || isBefore(numbers, LEAST_VERSION);
  if (isOld)
    findings.fail(
      'lnd',
      `version ${version}: ${LEAST_VERSION.join('.')} is the least that the connector needs`,
    );
  else if (isBefore(numbers, TRIED_VERSION))
    findings.note(
      'lnd',
      `version ${version}: older than ${TRIED_VERSION.join('.')}, which is what Ampjar is tried on`,
    );
  else findings.ok('lnd', `version ${version}`);
  if (knowsAmp) findings.ok('lnd', 'knows AMP');
  else findings.fail('lnd', `knows no AMP: feature bit ${AMP_OPTIONAL} is not set`);
  if (synced) findings.ok('lnd', 'synced to the chain');
  else findings.note('lnd', 'not synced to the chain yet: the connector waits until it is');
  return !isOld && knowsAmp;
}

/** Tell what `accept-amp` means here: AMP invoices are paid with it and without. */
export function tellAcceptAmp(accepts: boolean | undefined, findings: Findings): void {
  const needless = 'the invoices of Ampjar are paid with or without it';
  if (accepts === undefined) findings.note('lnd', `does not tell whether accept-amp is on: ${needless}`);
  else if (accepts)
    findings.ok('lnd', `accept-amp is on: payments without an invoice arrive, too, and are no creator's`);
  else findings.ok('lnd', `accept-amp is off: ${needless}`);
}

/** Tell until when lnd's certificate is good. @param now milliseconds since 1970 */
export function judgeCertificate(cert: Uint8Array, now: number, findings: Findings): void {
  const until = Date.parse(new X509Certificate(cert).validTo);
  const day = new Date(until).toISOString().slice(0, 10);
  if (until <= now) findings.fail('lnd', `its certificate has expired on ${day}`);
  else if (until - now < EXPIRES_SOON_DAYS * DAY_MS)
    findings.note('lnd', `its certificate expires on ${day}: lnd makes a new one when it starts after that`);
  else findings.ok('lnd', `its certificate is good until ${day}`);
}

/** What whoever set it up can do about an error of lnd's. */
export function explain(error: LndError): string {
  const { call, details } = error;
  const advice = [
    [/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT/, 'is lnd running, and is --lnd-host its rpclisten?'],
    [/certificate|altnames|SSL|TLS/i, 'is --lnd-cert the tls.cert of this lnd, with this host in it?'],
    [/Deadline|DEADLINE/, 'nothing answers there in time'],
    [/verification failed|cannot get macaroon|root key/, 'the macaroon is of another lnd, or was revoked'],
    [/permission denied/, 'the macaroon does not allow this'],
    [/wallet/i, 'unlock it first: lncli unlock'],
  ] as const;
  const found = advice.find(([pattern]) => pattern.test(details));
  return `${call}: ${details}${found ? ` (${found[1]})` : ''}`;
}

const isBefore = (numbers: readonly number[], least: readonly number[]) => {
  const at = least.findIndex((each, index) => numbers[index] !== each);
  return at >= 0 && numbers[at]! < least[at]!;
};
