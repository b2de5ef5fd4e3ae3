/** What installing a connector is told. Texts go into a shell's single quotes. */
export interface Installation {
  /** Where a release is found: bucket and key of its zip file. */
  readonly bucket: string;
  readonly key: string;
  /** Names the release. */
  readonly release: string;
  readonly table: string;
  readonly region: string;
  readonly invoiceRequestsQueue: string;
  readonly lndDirectory: string;
  readonly network: string;
  readonly routeHints: boolean;
  /** Folders, for those who keep them elsewhere. */
  readonly directory?: string;
  readonly configuration?: string;
  readonly units?: string;
}

/**
 * The commands that install a release of the connector on a host beside lnd, or go over to it: the one that runs hears the signal to
 * stop when all is there, and the new one takes over. The macaroon is baked by the first of them, and by each that makes other calls than
 * the one before; the others keep it, and need no admin macaroon.
 */
export function installCommands({
  bucket,
  key,
  release,
  table,
  region,
  invoiceRequestsQueue,
  lndDirectory,
  network,
  routeHints,
  directory = '/opt/ampjar',
  configuration = '/etc/ampjar',
  units = '/etc/systemd/system',
}: Installation): string[] {
  const folder = `${directory}/${release}`;
  const admin = `${lndDirectory}/data/chain/bitcoin/${network}/admin.macaroon`;
  const setup = [
    'node --import tsx connector/main.ts connector setup --force',
    `--lnd-cert '${lndDirectory}/tls.cert'`,
    '"$@"',
    `--table '${table}' --region '${region}' --invoice-requests-queue '${invoiceRequestsQueue}'`,
    `--dir '${configuration}' --unit-dir '${units}'`,
    ...(routeHints ? ['--route-hints'] : []),
  ];
  return [
    'set -eu',
    'for tool in node npm aws unzip; do',
    '  command -v "$tool" >/dev/null || { echo "$tool: not found, install it on this host first" >&2; exit 1; }',
    'done',
    `if [ ! -e '${folder}/installed' ]; then`,
    `  mkdir -p '${folder}'`,
    `  aws s3 cp --only-show-errors 's3://${bucket}/${key}' '${folder}.zip'`,
    `  unzip -q -o '${folder}.zip' -d '${folder}' && rm '${folder}.zip'`,
    `  (cd '${folder}' && npm ci --workspace=connector --omit=dev --ignore-scripts --no-audit --no-fund)`,
    `  touch '${folder}/installed'`,
    'fi',
    `cd '${folder}'`,
    'set --',
    `if [ -e '${admin}' ] || [ ! -e '${configuration}/lnd.macaroon' ]; then`,
    `  set -- --admin-macaroon '${admin}' --keep-macaroon`,
    'fi',
    // What it finds amiss is in its output; the unit is started all the same, and tries again until it is mended.
    `${setup.join(' ')} || [ $? -eq 1 ]`,
    'systemctl daemon-reload',
    'systemctl enable ampjar-connector',
    'systemctl restart ampjar-connector',
  ];
}
