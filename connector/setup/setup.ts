import { readFile } from 'node:fs/promises';
import { dynamoClient } from '../../shared/aws/dynamo.ts';
import { PRIVATE, PUBLIC } from '../../shared/command/files.ts';
import { clientConfig } from '../../shared/place.ts';
import { connectLnd } from '../lnd/client.ts';
import { LndError } from '../lnd/contract.ts';
import { checkMacaroon, MacaroonError, rootKeyId } from '../lnd/macaroon.ts';
import { openServices, type Service } from '../lnd/services.ts';
import { readCertificate, readNamed } from '../options.ts';
import { bakeLeast } from './bake.ts';
import { tryLnd, tryQueue, tryTable } from './ends.ts';
import { awsConfig, environmentFile } from './environment.ts';
import { checkAbsent, write } from './files.ts';
import type { Findings } from './findings.ts';
import {
  acceptsAmp,
  explain,
  judgeCertificate,
  judgeNode,
  type NodeFacts,
  readNodeFacts,
  tellAcceptAmp,
} from './node.ts';
import type { AwsIdentity, Choices, LndChoices } from './options.ts';
import { unit, unitName } from './unit.ts';

/** The machine that a connector is set up on. */
export interface Machine {
  /** Node.js, and the checkout. */
  readonly node: string;
  readonly root: string;
  readonly hostname: string;
  readonly clock: () => Date;
}

/** The unit of a setup. */
export const unitOf = (choices: Choices, { node, root }: Pick<Machine, 'node' | 'root'>): string =>
  unit({
    ...(choices.instance !== undefined && { instance: choices.instance }),
    node,
    root,
    environmentFile: choices.files.environment,
    lndCert: choices.lndCert,
    macaroon: choices.files.macaroon,
    healthPort: choices.healthPort,
    anotherNode: choices.anotherNode,
    ...(choices.aws && { aws: { ...choices.aws, config: choices.files.awsConfig } }),
  });

/**
 * Set a connector up: look at lnd, bake, write, and try both ends. What doesn't work is told, and whatever can be written is, so
 * that mending it needs no second setup.
 * @returns the commands to type next
 * @throws UsageError, MacaroonError when it can't begin
 */
export async function setUp(choices: Choices, machine: Machine, findings: Findings): Promise<string[]> {
  const { files, deployment, adminMacaroon, force } = choices;
  const targets = [
    ...(adminMacaroon === undefined ? [] : [files.macaroon]),
    files.environment,
    ...(choices.aws ? [files.awsConfig] : []),
    ...(files.unit === undefined ? [] : [files.unit]),
  ];
  if (!force) await checkAbsent(targets);
  const environment = environmentFile(deployment, {
    ...choices,
    name: [machine.hostname, choices.instance].filter((part) => part !== undefined).join('-'),
  });
  if (adminMacaroon !== undefined) await readNamed('--admin-macaroon', adminMacaroon);
  if (choices.aws) await checkIdentity(choices.aws);
  const cert = await readCertificate('--lnd-cert', choices.lndCert);
  judgeCertificate(cert, machine.clock().getTime(), findings);

  const looked = await lookAtLnd(choices, cert, machine, findings);
  if (!looked) return [];
  await write(files.environment, environment, PUBLIC);
  findings.ok('files', files.environment);
  await writeAwsConfig(choices, findings);
  if (files.unit !== undefined) {
    await write(files.unit, unitOf(choices, machine), PUBLIC);
    findings.ok('files', files.unit);
    tellUnreadable(machine, findings);
  }
  await tryAws(choices, looked.facts, findings);
  return nextSteps(files.unit === undefined ? undefined : unitName(choices.instance), looked.replaced, [
    `curl http://127.0.0.1:${choices.healthPort}/health`,
  ]);
}

/** What {@link lookAtLnd} is told. */
type LookChoices = LndChoices & { readonly files: { readonly macaroon: string } };

/**
 * lnd as it is, and the macaroon for it, baked and written when there is one to bake with, and with it the one of before in whose place
 * it was put; undefined when lnd is of no use.
 */
export async function lookAtLnd(
  choices: LookChoices,
  cert: Uint8Array,
  { clock }: Pick<Machine, 'clock'>,
  findings: Findings,
): Promise<{ facts: NodeFacts; replaced: Uint8Array | undefined } | undefined> {
  const { socket, adminMacaroon, files, routeHints } = choices;
  const macaroon =
    adminMacaroon === undefined
      ? await readNamed('--admin-macaroon: none was given, and there is no earlier one', files.macaroon)
      : await readNamed('--admin-macaroon', adminMacaroon);
  if (adminMacaroon === undefined) checkMacaroon(macaroon, { routeHints });
  const services = openServices({ socket, cert, macaroon });
  const lightning = services.default as Service;
  let least: Uint8Array = macaroon;
  let facts: NodeFacts;
  let replaced: Uint8Array | undefined;
  try {
    facts = await readNodeFacts(lightning);
    if (!judgeNode(facts, findings)) return undefined;
    if (adminMacaroon !== undefined) {
      tellAcceptAmp(await acceptsAmp(lightning), findings);
      const before = await readFile(files.macaroon).catch(() => undefined);
      const kept = before && (await fits(before, choices, cert, findings)) ? before : undefined;
      least = kept ?? (await bakeLeast(lightning, { routeHints, now: clock() }));
      if (!kept) {
        await write(files.macaroon, least, PRIVATE);
        replaced = before;
      }
      findings.ok('files', `${files.macaroon}, ${kept ? 'as it is' : 'which root alone can read'}`);
    }
  } catch (error) {
    if (!(error instanceof LndError)) throw error;
    findings.fail('lnd', `${socket} ${explain(error)}`);
    return undefined;
  } finally {
    for (const service of Object.values(services)) service.close();
  }
  const lnd = connectLnd({ socket, cert, macaroon: least });
  await tryLnd(lnd, findings).finally(() => lnd.close());
  return { facts, replaced };
}

/** Whether a macaroon that is there is to be kept: it allows what this release calls, and lnd takes it. */
async function fits(
  macaroon: Uint8Array,
  { keepMacaroon, routeHints, socket }: LookChoices,
  cert: Uint8Array,
  findings: Findings,
): Promise<boolean> {
  if (!keepMacaroon) return false;
  const services = openServices({ socket, cert, macaroon });
  try {
    checkMacaroon(macaroon, { routeHints });
    await readNodeFacts(services.default as Service);
    return true;
  } catch (error) {
    if (error instanceof LndError) findings.note('macaroon', `the one that is there: ${explain(error)}`);
    else if (error instanceof MacaroonError)
      findings.note('macaroon', 'the one that is there allows other calls than this release makes');
    else throw error;
    return false;
  } finally {
    for (const service of Object.values(services)) service.close();
  }
}

async function writeAwsConfig({ aws, deployment, files }: Choices, findings: Findings) {
  if (!aws) return;
  const { helper, seen } = aws;
  await write(files.awsConfig, awsConfig(deployment.rolesAnywhere!, { helper, ...seen }), PUBLIC);
  findings.ok('files', files.awsConfig);
}

async function tryAws({ deployment, anotherNode }: Choices, facts: NodeFacts, findings: Findings) {
  const { table, region, invoiceRequestsQueue } = deployment;
  const ledger = { client: dynamoClient(clientConfig(deployment)), table };
  await tryTable(ledger, facts, { anotherNode, findings }).finally(() => ledger.client.destroy());
  if (invoiceRequestsQueue !== undefined) await tryQueue(invoiceRequestsQueue, region, findings);
  else findings.note('queue', 'none was told: who asks for an invoice waits for up to two seconds more');
}

/** The key of lnd's own macaroons, which it does not delete. */
const FIRST_KEY = '0';

/** What a service of its own user can't read, whatever the file modes say. */
const HOMES = /^\/(home|root|run\/user)\//;

/** Tell when a unit can't read its program. */
export function tellUnreadable({ node, root }: Pick<Machine, 'node' | 'root'>, findings: Findings) {
  for (const path of [node, root])
    if (HOMES.test(path))
      findings.fail(
        'unit',
        `${path} lies in a home folder, which the unit can't read: install it elsewhere, as in /opt`,
      );
}

/**
 * The commands that start a unit anew, and end the macaroon in whose place another was baked, which still opens lnd.
 * @param replaced that macaroon
 */
export function nextSteps(
  unit: string | undefined,
  replaced: Uint8Array | undefined,
  then: string[],
): string[] {
  const start =
    unit === undefined
      ? []
      : ['systemctl daemon-reload', `systemctl enable ${unit}`, `systemctl restart ${unit}`, ...then];
  return [...start, ...revoking(replaced)];
}

function revoking(macaroon: Uint8Array | undefined): string[] {
  if (!macaroon) return [];
  try {
    const id = rootKeyId(macaroon);
    return id === FIRST_KEY ? [] : [`lncli deletemacaroonid ${id}`];
  } catch (error) {
    // What was there was no macaroon of lnd's: there is nothing to revoke.
    if (error instanceof MacaroonError) return [];
    throw error;
  }
}

/** The files by which a host outside AWS proves who it is. @throws UsageError */
async function checkIdentity({ certificate, key, helper }: AwsIdentity): Promise<void> {
  await readNamed('--aws-certificate', certificate);
  await readNamed('--aws-key', key);
  await readNamed('--signing-helper', helper);
}
