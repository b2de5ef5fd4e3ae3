import { join, resolve } from 'node:path';
import type { ParseArgsConfig } from 'node:util';
import type { FlagValues } from '../../shared/command/flags.ts';
import { OptionError, readNumber } from '../options.ts';
import { type Deployment, OUTPUTS_FILE, readDeployment } from './deployment.ts';
import { plain } from './environment.ts';
import { credentialsOf, unitName } from './unit.ts';

const DIR = '/etc/ampjar';
const UNIT_DIR = '/etc/systemd/system';
const HEALTH_PORT = 9911;
const SIGNING_HELPER = '/usr/local/bin/aws_signing_helper';

export const HELP = `ampjar connector-setup [flags]: sets a connector up beside lnd, and tries both its ends

Looks at lnd, has it bake the macaroon that allows the connector's calls and no others, writes that, an environment file and a
systemd unit, and says what of lnd, table and queue works. Exit code 0 when all does, 1 when something doesn't, 2 when it can't begin.

  --lnd-host HOST:PORT     lnd's gRPC, default localhost:10009
  --lnd-cert FILE          lnd's tls.cert, default ~/.lnd/tls.cert
  --admin-macaroon FILE    a macaroon that may bake others; used once, kept nowhere. Without it the one that an earlier setup
                           baked stays
  --keep-macaroon          bake only where the macaroon that is there does not fit: this release makes other calls, or lnd does
                           not take it. For upgrades, with --admin-macaroon
  --outputs FILE           what npm run deploy wrote, default ${OUTPUTS_FILE}: table, Region, queue, IAM Roles Anywhere
  --stack NAME             the stack in it, when there are several
  --table NAME, --region REGION, --asks-queue URL, --endpoint URL
                           as npm run connector takes them, in place of those outputs
  --route-hints            for a node with unannounced channels alone
  --another-node           for a table that knows another node
  --instance NAME          a further connector on this machine: its files and its unit are named by it
  --health-port PORT       GET /health on 127.0.0.1, default ${HEALTH_PORT}
  --aws-certificate FILE, --aws-key FILE
                           this host's certificate and key for IAM Roles Anywhere
  --signing-helper FILE    its credential helper, default ${SIGNING_HELPER}
  --dir DIR                for macaroon and environment, default ${DIR}
  --unit-dir DIR           for the unit, default ${UNIT_DIR}
  --no-unit                no unit: for a container
  --print                  print the unit and do nothing
  --force                  write files anew that are there
`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** The flags of the command. */
export const FLAGS = {
  'lnd-host': text,
  'lnd-cert': text,
  'admin-macaroon': text,
  'keep-macaroon': flag,
  outputs: text,
  stack: text,
  table: text,
  region: text,
  'asks-queue': text,
  endpoint: text,
  'route-hints': flag,
  'another-node': flag,
  instance: text,
  'health-port': text,
  'aws-certificate': text,
  'aws-key': text,
  'signing-helper': text,
  dir: text,
  'unit-dir': text,
  'no-unit': flag,
  print: flag,
  force: flag,
} as const satisfies ParseArgsConfig['options'];

export type Values = FlagValues<typeof FLAGS>;

/** What a setup is told; all paths are whole. */
export interface Choices {
  readonly socket: string;
  readonly lndCert: string;
  readonly adminMacaroon?: string;
  /** Bake only where the macaroon that is there does not fit. */
  readonly keepMacaroon: boolean;
  readonly deployment: Deployment;
  readonly routeHints: boolean;
  readonly anotherNode: boolean;
  readonly instance?: string;
  readonly healthPort: number;
  readonly aws?: AwsIdentity;
  /** Where things are written. */
  readonly files: {
    readonly macaroon: string;
    readonly environment: string;
    readonly awsConfig: string;
    /** Left out for a container. */
    readonly unit?: string;
  };
  readonly force: boolean;
}

/** How a host outside AWS proves who it is: files here, and as the unit sees them. */
export interface AwsIdentity {
  readonly certificate: string;
  readonly key: string;
  readonly helper: string;
  readonly seen: { readonly certificate: string; readonly key: string };
}

/** Read what a setup is told. @throws OptionError, UsageError */
export async function readChoices(values: Values, env: Record<string, string | undefined>): Promise<Choices> {
  const path = (flag: string, value: string) => plain(flag, resolve(value));
  const { instance } = values;
  if (instance !== undefined && !/^[a-z0-9][a-z0-9-]{0,30}$/.test(instance))
    throw new OptionError(
      `--instance: ${JSON.stringify(instance)} is not 1 to 31 small letters, digits or hyphens`,
    );
  const deployment = await readDeployment(values, env);
  const aws = readAws(values, deployment, instance);
  const dir = path('--dir', values.dir ?? DIR);
  const file = (name: string, ending: string) =>
    join(dir, `${name}${instance === undefined ? '' : `-${instance}`}.${ending}`);
  const unitDir = path('--unit-dir', values['unit-dir'] ?? UNIT_DIR);
  return {
    socket: plain('--lnd-host', values['lnd-host'] ?? 'localhost:10009'),
    lndCert: path('--lnd-cert', values['lnd-cert'] ?? join(env.HOME ?? '/root', '.lnd/tls.cert')),
    ...macaroonChoice(values),
    deployment,
    routeHints: values['route-hints'] ?? false,
    anotherNode: values['another-node'] ?? false,
    ...(instance !== undefined && { instance }),
    healthPort: readNumber('health-port', values['health-port'], 1, 65_535) ?? HEALTH_PORT,
    ...(aws && { aws }),
    files: {
      macaroon: file('lnd', 'macaroon'),
      environment: file('connector', 'env'),
      awsConfig: file('aws', 'config'),
      ...(!values['no-unit'] && { unit: join(unitDir, `${unitName(instance)}.service`) }),
    },
    force: values.force ?? false,
  };
}

function readAws(
  values: Values,
  { rolesAnywhere }: Deployment,
  instance: string | undefined,
): AwsIdentity | undefined {
  const {
    'aws-certificate': certificate,
    'aws-key': key,
    'signing-helper': helper,
    'no-unit': noUnit,
  } = values;
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined) throw new OptionError('--aws-certificate: missing, --aws-key needs it');
  if (key === undefined) throw new OptionError('--aws-key: missing, --aws-certificate needs it');
  if (!rolesAnywhere)
    throw new OptionError(
      '--aws-certificate: the outputs have no IAM Roles Anywhere; deploy with the setting connector.rolesAnywhere',
    );
  const files = {
    certificate: plain('--aws-certificate', resolve(certificate)),
    key: plain('--aws-key', resolve(key)),
  };
  const credentials = credentialsOf(instance);
  return {
    ...files,
    helper: plain('--signing-helper', resolve(helper ?? SIGNING_HELPER)),
    seen: noUnit
      ? files
      : { certificate: join(credentials, 'aws.certificate'), key: join(credentials, 'aws.key') },
  };
}

/** What is baked with, and when. @throws OptionError */
export function macaroonChoice({
  'admin-macaroon': adminMacaroon,
  'keep-macaroon': keepMacaroon = false,
}: Pick<Values, 'admin-macaroon' | 'keep-macaroon'>): Pick<Choices, 'adminMacaroon' | 'keepMacaroon'> {
  if (keepMacaroon && adminMacaroon === undefined)
    throw new OptionError('--keep-macaroon: needs --admin-macaroon, to bake with where none fits');
  return { keepMacaroon, ...(adminMacaroon !== undefined && { adminMacaroon }) };
}
