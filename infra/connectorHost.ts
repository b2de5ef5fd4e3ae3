import { fileURLToPath } from 'node:url';
import { Duration, IgnoreMode, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type IRole, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { CfnAssociation, CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { installCommands } from './connectorInstall.ts';

/** Of the checkout, what a connector runs on. */
const SOFTWARE = ['*', '!package.json', '!package-lock.json', '!connector', '!shared'];

const INSTALLED_WITHIN = Duration.minutes(30);
/** The agent on the host hears of it within minutes. */
const SECONDS_TO_BEGIN = 300;

export interface ConnectorHostProps {
  /** The instance that runs lnd. It is in this account and Region, has SSM's agent, Node.js, the AWS CLI and unzip. */
  readonly instanceId: string;
  /** The role of its instance profile. */
  readonly role: IRole;
  /** What the connector may do; the role is given it. */
  readonly policy: ManagedPolicy;
  readonly table: Pick<ITable, 'tableName'>;
  readonly invoiceRequests: IQueue;
  readonly lndDirectory: string;
  readonly network: string;
  readonly routeHints: boolean;
}

/**
 * The connector on an EC2 instance that runs lnd: a release of this checkout, installed by Systems Manager at each deployment that
 * changes it, under the instance's own role. lnd's macaroon never leaves the instance. A deployment waits for it, and is taken back when
 * it fails, so that functions and connector stay of one release.
 */
export class ConnectorHost extends Construct {
  constructor(scope: Construct, id: string, props: ConnectorHostProps) {
    super(scope, id);
    const { instanceId, role, policy, table, invoiceRequests, lndDirectory, network, routeHints } = props;
    const software = new Asset(this, 'Software', {
      path: fileURLToPath(new URL('..', import.meta.url)),
      exclude: SOFTWARE,
      ignoreMode: IgnoreMode.DOCKER,
    });
    policy.attachToRole(role);
    new ManagedPolicy(this, 'Fetch', {
      description: 'The host of the Ampjar connector fetches its release',
      roles: [role],
      statements: [
        new PolicyStatement({
          actions: ['s3:GetObject'],
          resources: [software.bucket.arnForObjects(software.s3ObjectKey)],
        }),
      ],
    });
    const runCommand = installCommands({
      bucket: software.s3BucketName,
      key: software.s3ObjectKey,
      release: software.assetHash,
      table: table.tableName,
      region: Stack.of(this).region,
      invoiceRequestsQueue: invoiceRequests.queueUrl,
      lndDirectory,
      network,
      routeHints,
    });
    const document = new CfnDocument(this, 'Install', {
      documentType: 'Command',
      documentFormat: 'JSON',
      updateMethod: 'NewVersion',
      targetType: '/AWS::EC2::Instance',
      content: {
        schemaVersion: '2.2',
        description: 'Installs the Ampjar connector beside lnd, or goes over to another release of it',
        parameters: {
          release: { type: 'String', description: 'Names the release: another one runs it anew' },
        },
        mainSteps: [
          {
            action: 'aws:runShellScript',
            name: 'install',
            precondition: { StringEquals: ['platformType', 'Linux'] },
            inputs: { timeoutSeconds: String(INSTALLED_WITHIN.toSeconds()), runCommand },
          },
        ],
      },
    });
    new CfnAssociation(this, 'Installed', {
      name: document.ref,
      documentVersion: '$LATEST',
      targets: [{ key: 'InstanceIds', values: [instanceId] }],
      parameters: { release: [software.assetHash] },
      waitForSuccessTimeoutSeconds: INSTALLED_WITHIN.toSeconds() + SECONDS_TO_BEGIN,
    });
  }
}
