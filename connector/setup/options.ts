import { join, resolve } from 'node:path';
import type { Env, Values } from '../../shared/command/command.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { readOptionalCount } from '../../shared/command/numbers.ts';
import type { LND_SETUP, SETUP } from '../flags.ts';
import { type Deployment, readDeployment } from './deployment.ts';
import { plain } from './environment.ts';
import { credentialsOf, unitName } from './unit.ts';

const DIR = '/etc/ampjar';
const UNIT_DIR = '/etc/systemd/system';
const HEALTH_PORT = 9911;
const SIGNING_HELPER = '/usr/local/bin/aws_signing_helper';

export type SetupValues = Values<typeof SETUP>;
type LndSetupValues = Values<typeof LND_SETUP>;

/** What every setup beside lnd is told; all paths are whole. */
export interface LndChoices {
  /** lnd's gRPC, host:port. */
  readonly socket: string;
  readonly lndCert: string;
  readonly adminMacaroon?: string;
  /** Bake only where the macaroon that is there does not fit. */
  readonly keepMacaroon: boolean;
  readonly routeHints: boolean;
  readonly force: boolean;
}

/** What the setup of a connector is told. */
export interface Choices extends LndChoices {
  readonly deployment: Deployment;
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
}

/** How a host outside AWS proves who it is: files here, and as the unit sees them. */
export interface AwsIdentity {
  readonly certificate: string;
  readonly key: string;
  readonly helper: string;
  readonly seen: { readonly certificate: string; readonly key: string };
}

/** Read what a setup is told. @throws UsageError */
export async function readChoices(values: SetupValues, env: Env): Promise<Choices> {
  const { instance } = values;
  if (instance !== undefined && !/^[a-z0-9][a-z0-9-]{0,30}$/.test(instance))
    throw new UsageError(
      `--instance: ${JSON.stringify(instance)} is not 1 to 31 small letters, digits or hyphens`,
    );
  const deployment = await readDeployment(values, env);
  const aws = readAws(values, deployment, instance);
  const { dir, unitDir } = readFolders(values);
  const file = (name: string, ending: string) =>
    join(dir, `${name}${instance === undefined ? '' : `-${instance}`}.${ending}`);
  return {
    ...readLndChoices(values, env),
    deployment,
    anotherNode: values['another-node'] ?? false,
    ...(instance !== undefined && { instance }),
    healthPort: readOptionalCount('--health-port', values['health-port'], 1, 65_535) ?? HEALTH_PORT,
    ...(aws && { aws }),
    files: {
      macaroon: file('lnd', 'macaroon'),
      environment: file('connector', 'env'),
      awsConfig: file('aws', 'config'),
      ...(!values['no-unit'] && { unit: join(unitDir, `${unitName(instance)}.service`) }),
    },
  };
}

function readAws(
  values: SetupValues,
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
  if (certificate === undefined) throw new UsageError('--aws-certificate: missing, --aws-key needs it');
  if (key === undefined) throw new UsageError('--aws-key: missing, --aws-certificate needs it');
  if (!rolesAnywhere)
    throw new UsageError(
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

const path = (flag: string, value: string) => plain(flag, resolve(value));

/** Where a setup writes. @throws UsageError */
export const readFolders = (values: Pick<LndSetupValues, 'dir' | 'unit-dir'>) => ({
  dir: path('--dir', values.dir ?? DIR),
  unitDir: path('--unit-dir', values['unit-dir'] ?? UNIT_DIR),
});

/** What every setup beside lnd is told. @throws UsageError */
export function readLndChoices(values: LndSetupValues, env: Env): LndChoices {
  const { 'admin-macaroon': adminMacaroon, 'keep-macaroon': keepMacaroon = false } = values;
  if (keepMacaroon && adminMacaroon === undefined)
    throw new UsageError('--keep-macaroon: needs --admin-macaroon, to bake with where none fits');
  return {
    socket: plain('--lnd-host', values['lnd-host'] ?? 'localhost:10009'),
    lndCert: path('--lnd-cert', values['lnd-cert'] ?? join(env.HOME ?? '/root', '.lnd/tls.cert')),
    keepMacaroon,
    ...(adminMacaroon !== undefined && { adminMacaroon }),
    routeHints: values['route-hints'] ?? false,
    force: values.force ?? false,
  };
}
