/** What a unit is made of; all paths are whole. */
export interface UnitChoices {
  /** Tells two connectors of one machine apart; in the name of the unit. */
  readonly instance?: string;
  /** The Node.js that runs it. */
  readonly node: string;
  /** The checkout. */
  readonly root: string;
  readonly environmentFile: string;
  readonly lndCert: string;
  readonly macaroon: string;
  readonly healthPort: number;
  readonly anotherNode: boolean;
  /** Files of a host outside AWS: its certificate and key, and the configuration that has the SDK use them. */
  readonly aws?: { readonly certificate: string; readonly key: string; readonly config: string };
}

/** `ampjar-connector`, or with the instance behind it. */
export const unitName = (instance: string | undefined) =>
  instance === undefined ? 'ampjar-connector' : `ampjar-connector-${instance}`;

/** Where systemd puts the credentials of a unit, readable by it alone. */
export const credentialsOf = (instance: string | undefined) =>
  `/run/credentials/${unitName(instance)}.service`;

/** What the units of Ampjar that stand beside lnd have in common. */
interface ServiceChoices {
  /** Lines of the service of its own. */
  readonly own: readonly string[];
  readonly description: string;
  readonly node: string;
  readonly root: string;
  readonly lndCert: string;
  readonly macaroon: string;
  /** The program and its flags but for lnd's certificate and macaroon. */
  readonly command: string;
  /** What it may listen on, as systemd writes it: `ipv4:tcp:9911`. */
  readonly bind: string;
  /** How many threads and processes it may have. */
  readonly tasks: number;
}

/**
 * A systemd unit: no user, no file and no privilege of its own. Secrets come in as credentials, which systemd reads as root at each
 * start.
 * @see https://www.freedesktop.org/software/systemd/man/systemd.exec.html
 */
export function serviceUnit(choices: ServiceChoices): string {
  const { own, description, node, root, lndCert, macaroon, command, bind, tasks } = choices;
  const lines = [...own, `LoadCredential=lnd.cert:${lndCert}`, `LoadCredential=lnd.macaroon:${macaroon}`];
  return `[Unit]
Description=${description}
Wants=network-online.target
After=network-online.target lnd.service
StartLimitIntervalSec=0

[Service]
Type=exec
WorkingDirectory=${root}
${lines.join('\n')}
ExecStart=${node} --import tsx ${command} --lnd-cert \${CREDENTIALS_DIRECTORY}/lnd.cert --lnd-macaroon \${CREDENTIALS_DIRECTORY}/lnd.macaroon

# 2 is a configuration that no new start mends.
Restart=on-failure
RestartSec=2
RestartPreventExitStatus=2
# Without a connection for so long it is started anew, with lnd's certificate and macaroon as they are then.
WatchdogSec=10min
NotifyAccess=all
# What was heard is booked, and the lease given back.
TimeoutStopSec=60

DynamicUser=yes
UMask=0077
MemoryMax=1G
TasksMax=${tasks}
LimitCORE=0
CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateMounts=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateIPC=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
RemoveIPC=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SocketBindDeny=any
SocketBindAllow=${bind}
SystemCallArchitectures=native
SystemCallFilter=@system-service @pkey
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

/** The systemd unit of a connector. */
export function unit(choices: UnitChoices): string {
  const { environmentFile, healthPort, anotherNode, aws } = choices;
  const own = [
    `EnvironmentFile=${environmentFile}`,
    ...(aws
      ? [
          `LoadCredential=aws.certificate:${aws.certificate}`,
          `LoadCredential=aws.key:${aws.key}`,
          `Environment=AWS_CONFIG_FILE=${aws.config}`,
        ]
      : []),
  ];
  return serviceUnit({
    ...choices,
    description: 'Ampjar connector: mints and books what lnd is paid',
    own,
    command: `connector/main.ts connector run${anotherNode ? ' --another-node' : ''}`,
    bind: `ipv4:tcp:${healthPort}`,
    tasks: 64,
  });
}
