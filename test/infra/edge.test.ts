import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { OVERLAY_OPTIONS } from '../../functions/pages/overlay.ts';
import { KEYED_QUERY } from '../../infra/caching.ts';
import type { StageSettings } from '../../infra/settings.ts';
import { ORIGIN_SECRET_HEADER } from '../../shared/contract/edgeHeaders.ts';
import { synthesise } from './synthesise.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const CFN_LINT = join(root, '.cache/venv/bin/cfn-lint');

const DOMAIN = 'tips.example.org';
const ZONED: StageSettings = {
  region: 'eu-central-1',
  domain: { name: DOMAIN, hostedZoneId: 'Z0123456789ABCDEFGHIJ', zoneName: 'example.org' },
  firewall: { requests: 500, callbacks: 20 },
  alarmEmails: ['ops@example.org'],
  budgetDollars: 30,
  tags: { team: 'jar' },
};

const shipped = synthesise();
const zoned = synthesise(ZONED);
const byHeader = synthesise({ originAccess: 'header' });
const certified = synthesise({
  domain: {
    name: DOMAIN,
    certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012',
  },
});

type Template = typeof shipped;
const ofType = ({ resources }: Pick<Template, 'resources'>, type: string) =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);
const distributionOf = (template: Template) =>
  template.only('AWS::CloudFront::Distribution')[1].Properties.DistributionConfig;

/** Managed by AWS, the same in every account: nothing is kept. */
const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';

/** The behaviour at a path, with the policies that it refers to in place of their ids. */
function behaviourAt(template: Template, path: string) {
  const { DefaultCacheBehavior, CacheBehaviors } = distributionOf(template);
  const found =
    path === '*'
      ? DefaultCacheBehavior
      : CacheBehaviors.find(({ PathPattern }: { PathPattern: string }) => PathPattern === path);
  const { [found.CachePolicyId.Ref]: cache, [found.OriginRequestPolicyId?.Ref]: asked } = template.resources;
  return {
    ...found,
    cache: cache?.Properties.CachePolicyConfig ?? found.CachePolicyId,
    asked: asked?.Properties.OriginRequestPolicyConfig,
  };
}

/** Each function that CloudFront asks, by the id of the origin. */
function originsOf(template: Template) {
  const urls = new Map(
    ofType(template, 'AWS::Lambda::Url').map(([id, { Properties }]) => [id, Properties.TargetFunctionArn]),
  );
  return new Map<string, string>(
    distributionOf(template).Origins.map(({ Id, DomainName }: { Id: string; DomainName: object }) => {
      const [, urlId] = /"Fn::GetAtt":\["(\w+)","FunctionUrl"\]/.exec(JSON.stringify(DomainName)) ?? [];
      return [Id, urlId ? urls.get(urlId)!['Fn::GetAtt'][0] : 'bucket'];
    }),
  );
}

const UNKEPT = ['/v1/tips/*', '/@*/overlay', '/.well-known/lnurlp/*', '/lnurl/*'];

describe('a function', () => {
  test.each([
    ['as shipped', shipped],
    ['with a domain', zoned],
  ])('answers nobody but CloudFront, %s', (_, template) => {
    const urls = ofType(template, 'AWS::Lambda::Url');
    expect(urls.map(([, { Properties }]) => Properties.AuthType)).toEqual(['AWS_IAM', 'AWS_IAM']);
    const [distributionId] = template.only('AWS::CloudFront::Distribution');
    const arn = { 'Fn::Join': ['', expect.arrayContaining([{ Ref: distributionId }])] };
    for (const [urlId] of urls) {
      const permissions = ofType(template, 'AWS::Lambda::Permission')
        .map(([, { Properties }]) => Properties)
        .filter(({ FunctionName }) => FunctionName['Fn::GetAtt'][0] === urlId);
      const shared = { Principal: 'cloudfront.amazonaws.com', SourceArn: arn };
      expect(permissions).toEqual([
        expect.objectContaining({ ...shared, Action: 'lambda:InvokeFunctionUrl' }),
        expect.objectContaining({ ...shared, Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true }),
      ]);
    }
    for (const [, { Properties }] of ofType(template, 'AWS::Lambda::Permission'))
      expect(Properties.Principal).not.toBe('*');
  });

  test('is asked with a signature, as the bucket is', () => {
    const controls = ofType(shipped, 'AWS::CloudFront::OriginAccessControl').map(
      ([, { Properties }]) => Properties.OriginAccessControlConfig,
    );
    expect(controls.map((control) => control.OriginAccessControlOriginType).sort()).toEqual([
      'lambda',
      'lambda',
      's3',
    ]);
    for (const control of controls)
      expect(control).toMatchObject({ SigningBehavior: 'always', SigningProtocol: 'sigv4' });
    for (const origin of distributionOf(shipped).Origins) expect(origin.OriginAccessControlId).toBeDefined();
  });

  test.each([
    ['Answers wallets', ['/.well-known/lnurlp/*', '/lnurl/*']],
    ['Answers who reads', ['*', '/v1/creators/*/invoice', '/v1/tips/*', '/@*/overlay']],
  ])('that %s is asked at %j', (description, paths) => {
    const origins = originsOf(shipped);
    for (const path of paths) {
      const functionId = origins.get(behaviourAt(shipped, path).TargetOriginId)!;
      expect(shipped.resources[functionId]!.Properties.Description).toContain(description);
    }
  });
});

describe('by a header in place of a signature', () => {
  const [secretId, secret] = byHeader.only('AWS::SecretsManager::Secret');
  const VALUE = { 'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: secretId }, ':SecretString:::}}']] };

  test('CloudFront sends a secret to each function, which knows it and asks for it', () => {
    const urls = ofType(byHeader, 'AWS::Lambda::Url').map(([, { Properties }]) => Properties);
    expect(urls.map(({ AuthType }) => AuthType)).toEqual(['NONE', 'NONE']);
    const asked = [...originsOf(byHeader)].filter(([, id]) => id !== 'bucket');
    expect(asked).toHaveLength(2);
    for (const [originId, functionId] of asked) {
      const origin = distributionOf(byHeader).Origins.find(({ Id }: { Id: string }) => Id === originId);
      expect(origin.OriginCustomHeaders).toEqual([{ HeaderName: ORIGIN_SECRET_HEADER, HeaderValue: VALUE }]);
      expect(origin).not.toHaveProperty('OriginAccessControlId');
      expect(byHeader.resources[functionId]!.Properties.Environment.Variables.ORIGIN_SECRET).toEqual(VALUE);
    }
  });

  test('no function that has a URL for all is without the secret, and no other has it', () => {
    const open = ofType(byHeader, 'AWS::Lambda::Permission')
      .map(([, { Properties }]) => Properties)
      .filter(({ Principal }) => Principal === '*');
    const withUrl = ofType(byHeader, 'AWS::Lambda::Url').map(
      ([, { Properties }]) => Properties.TargetFunctionArn['Fn::GetAtt'][0],
    );
    const knowing = ofType(byHeader, 'AWS::Lambda::Function')
      .filter(([, { Properties }]) => Properties.Environment?.Variables.ORIGIN_SECRET)
      .map(([id]) => id);
    expect(knowing.sort()).toEqual(withUrl.sort());
    for (const { FunctionName, FunctionUrlAuthType, InvokedViaFunctionUrl } of open) {
      expect(withUrl).toContain(FunctionName['Fn::GetAtt'][0]);
      expect(FunctionUrlAuthType === 'NONE' || InvokedViaFunctionUrl === true).toBe(true);
    }
    expect(open).toHaveLength(4);
  });

  test('the secret is made by AWS, long, and in no template', () => {
    expect(secret.Properties.GenerateSecretString).toEqual({ PasswordLength: 43, ExcludePunctuation: true });
    expect(ofType(shipped, 'AWS::SecretsManager::Secret')).toEqual([]);
    expect(JSON.stringify(shipped.resources)).not.toContain('ORIGIN_SECRET');
  });
});

test.each([
  ['as shipped', shipped],
  ['with a domain', zoned],
])('no bucket is public, %s', (_, template) => {
  const buckets = ofType(template, 'AWS::S3::Bucket');
  expect(buckets.length).toBeGreaterThan(1);
  for (const [, { Properties }] of buckets)
    expect(Properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
  const [distributionId] = template.only('AWS::CloudFront::Distribution');
  for (const [, { Properties }] of ofType(template, 'AWS::S3::BucketPolicy'))
    for (const statement of Properties.PolicyDocument.Statement.filter(
      ({ Effect }: { Effect: string }) => Effect === 'Allow',
    ))
      expect(statement).toMatchObject({
        Action: 's3:GetObject',
        Principal: { Service: 'cloudfront.amazonaws.com' },
        Condition: {
          StringEquals: {
            'AWS:SourceArn': { 'Fn::Join': ['', expect.arrayContaining([{ Ref: distributionId }])] },
          },
        },
      });
});

describe('what CloudFront keeps', () => {
  test('is kept as its Cache-Control says, for no time where that says nothing', () => {
    for (const path of ['*', '/v1/creators/*/invoice'])
      expect(behaviourAt(shipped, path).cache).toMatchObject({
        MinTTL: 0,
        DefaultTTL: 0,
        MaxTTL: 31_536_000,
      });
  });

  test('is told apart by each parameter that the public function reads, and by no other', async () => {
    const sources = await Promise.all(
      ['creators', 'invoices', 'pages'].map((name) =>
        readFile(join(root, `functions/public/routes/${name}.ts`), 'utf8'),
      ),
    );
    const read = sources.flatMap((source) =>
      Array.from(source.matchAll(/query\('(\w+)'\)/g), ([, name]) => name),
    );
    expect(sources.join().match(/wholeQuery\(\)/g), 'the overlay reads a whole query').toHaveLength(1);
    expect([...new Set([...read, ...OVERLAY_OPTIONS])].sort()).toEqual([...KEYED_QUERY].sort());
    // CloudFront takes no more in one policy.
    expect(KEYED_QUERY.length).toBeLessThanOrEqual(10);
    for (const path of ['*', '/v1/creators/*/invoice'])
      expect(behaviourAt(shipped, path).cache.ParametersInCacheKeyAndForwardedToOrigin).toMatchObject({
        QueryStringsConfig: { QueryStringBehavior: 'whitelist', QueryStrings: KEYED_QUERY },
        CookiesConfig: { CookieBehavior: 'none' },
        EnableAcceptEncodingBrotli: true,
        EnableAcceptEncodingGzip: true,
      });
  });

  test('is told apart by Accept where the function answers by it, and there alone', async () => {
    const source = await readFile(join(root, 'functions/public/routes/invoices.ts'), 'utf8');
    expect(source.match(/vary: '[^']*'/g)).toEqual(["vary: 'accept'"]);
    const headersAt = (path: string) =>
      behaviourAt(certified, path).cache.ParametersInCacheKeyAndForwardedToOrigin.HeadersConfig;
    expect(headersAt('/v1/creators/*/invoice')).toEqual({ HeaderBehavior: 'whitelist', Headers: ['Accept'] });
    expect(headersAt('*')).toEqual({ HeaderBehavior: 'none' });
  });

  test('is told apart by the host that was asked for, where answers name it', () => {
    const headersAt = (path: string) =>
      behaviourAt(shipped, path).cache.ParametersInCacheKeyAndForwardedToOrigin.HeadersConfig.Headers;
    expect(headersAt('*')).toEqual(['x-forwarded-host']);
    expect(headersAt('/v1/creators/*/invoice')).toEqual(['x-forwarded-host', 'Accept']);
  });

  test.each(UNKEPT)('is nothing at %s, whose whole query is passed on', (path) => {
    const { cache, asked } = behaviourAt(shipped, path);
    expect(cache).toBe(CACHING_DISABLED);
    expect(asked).toMatchObject({
      QueryStringsConfig: { QueryStringBehavior: 'all' },
      CookiesConfig: { CookieBehavior: 'none' },
    });
  });

  test('of errors is what they say of themselves', () => {
    const errors = distributionOf(shipped).CustomErrorResponses as Record<string, number>[];
    expect(errors.map(({ ErrorCode }) => ErrorCode)).toEqual(
      expect.arrayContaining([404, 500, 502, 503, 504]),
    );
    for (const error of errors) expect(error).toEqual({ ErrorCode: error.ErrorCode, ErrorCachingMinTTL: 0 });
  });
});

describe('who asks', () => {
  test.each(['*', ...UNKEPT])('is not passed on at %s, but for wallets, whose asks are bounded', (path) => {
    const headers: string[] = behaviourAt(shipped, path).asked?.HeadersConfig.Headers ?? [];
    expect(headers.includes('cloudfront-viewer-address')).toBe(path.includes('lnurl'));
  });

  test('is not logged', () => {
    expect(distributionOf(shipped)).not.toHaveProperty('Logging');
  });
});

describe('without a domain', () => {
  const [, { Properties: teller }] = shipped.only('AWS::CloudFront::Function');

  test('the host that was asked for is told to the functions, whatever a viewer says of it', () => {
    const event = {
      request: {
        headers: { host: { value: 'd1.cloudfront.net' }, 'x-forwarded-host': { value: 'evil.example' } },
      },
    };
    const request = runInNewContext(`${teller.FunctionCode};handler(event)`, { event });
    expect(request.headers).toEqual({
      host: { value: 'd1.cloudfront.net' },
      'x-forwarded-host': { value: 'd1.cloudfront.net' },
    });
  });

  test.each(['*', '/v1/creators/*/invoice', ...UNKEPT])('it is told at %s', (path) => {
    const { FunctionAssociations, asked, cache } = behaviourAt(shipped, path);
    expect(FunctionAssociations).toEqual([{ EventType: 'viewer-request', FunctionARN: expect.anything() }]);
    expect(JSON.stringify([asked, cache])).toContain('"x-forwarded-host"');
  });

  test('functions know no origin of their own, and there is no certificate, record or second stack', () => {
    for (const [, { Properties }] of ofType(shipped, 'AWS::Lambda::Function'))
      expect(Properties.Environment?.Variables ?? {}).not.toHaveProperty('BASE_URL');
    expect(distributionOf(shipped)).not.toHaveProperty('Aliases');
    expect(ofType(shipped, 'AWS::Route53::RecordSet')).toEqual([]);
    expect(shipped.usEast1()).toBeUndefined();
  });
});

describe('a domain', () => {
  test.each([
    ['in a zone', zoned],
    ['with a certificate', certified],
  ])('%s is what readers are told, over TLS 1.2 at least', (_, template) => {
    expect(template.outputs.PublicUrl!.Value).toBe(`https://${DOMAIN}`);
    expect(distributionOf(template)).toMatchObject({
      Aliases: [DOMAIN],
      ViewerCertificate: { MinimumProtocolVersion: 'TLSv1.2_2021', SslSupportMethod: 'sni-only' },
    });
    const known = ofType(template, 'AWS::Lambda::Function').filter(
      ([, { Properties }]) => Properties.Environment?.Variables.BASE_URL === `https://${DOMAIN}`,
    );
    expect(known.map(([, { Properties }]) => Properties.Description.split(/[: ]/, 1)[0])).toEqual([
      'Answers',
      'Answers',
    ]);
    expect(ofType(template, 'AWS::CloudFront::Function')).toEqual([]);
  });

  test('in a zone has its records there, and a certificate that is proved there, in us-east-1', () => {
    const records = ofType(zoned, 'AWS::Route53::RecordSet').map(([, { Properties }]) => Properties);
    expect(records).toEqual(
      ['A', 'AAAA'].map((Type) =>
        expect.objectContaining({ Type, Name: `${DOMAIN}.`, HostedZoneId: 'Z0123456789ABCDEFGHIJ' }),
      ),
    );
    const [, certificate] = ofType(
      { resources: zoned.usEast1()! },
      'AWS::CertificateManager::Certificate',
    )[0]!;
    expect(certificate.Properties).toMatchObject({
      DomainName: DOMAIN,
      ValidationMethod: 'DNS',
      DomainValidationOptions: [{ DomainName: DOMAIN, HostedZoneId: 'Z0123456789ABCDEFGHIJ' }],
    });
  });

  test.each(['eu-central-1', 'us-east-1'])(
    'of a jar in %s is told from stack to stack by CloudFormation itself, and may change',
    (region) => {
      const jar = synthesise({ ...ZONED, region });
      const { ViewerCertificate, WebACLId } = distributionOf(jar);
      for (const told of [ViewerCertificate.AcmCertificateArn, WebACLId])
        expect(told).toEqual({
          'Fn::GetStackOutput': {
            StackName: `Ampjar-production-of-${region}`,
            Region: 'us-east-1',
            OutputName: expect.any(String),
          },
        });
      expect(jar.stack.dependencies.map(({ stackName }) => stackName)).toEqual([
        `Ampjar-production-of-${region}`,
      ]);
      for (const resources of [jar.resources, jar.usEast1()!])
        expect(Object.values(resources).filter(({ Type }) => Type.startsWith('Custom::'))).toEqual([]);
    },
  );

  test('with a certificate needs neither zone nor second stack', () => {
    expect(ofType(certified, 'AWS::Route53::RecordSet')).toEqual([]);
    expect(certified.usEast1()).toBeUndefined();
  });
});

describe('the firewall', () => {
  const [, acl] = ofType({ resources: zoned.usEast1()! }, 'AWS::WAFv2::WebACL')[0]!;

  test('bounds what one address asks for in five minutes, and what invoices', () => {
    const rates = acl.Properties.Rules.map(
      ({ Statement }: { Statement: { RateBasedStatement: object } }) => Statement.RateBasedStatement,
    );
    const shared = { AggregateKeyType: 'IP', EvaluationWindowSec: 300 };
    expect(rates).toEqual([
      { ...shared, Limit: 20, ScopeDownStatement: expect.anything() },
      { ...shared, Limit: 500 },
    ]);
    expect(rates[0].ScopeDownStatement.ByteMatchStatement).toMatchObject({
      SearchString: '/callback',
      TextTransformations: [{ Type: 'URL_DECODE' }],
    });
  });

  test('stands before CloudFront, and keeps no sample of requests', () => {
    expect(acl.Properties.Scope).toBe('CLOUDFRONT');
    expect(distributionOf(zoned).WebACLId).toBeDefined();
    expect(distributionOf(shipped)).not.toHaveProperty('WebACLId');
    expect(JSON.stringify(acl)).not.toContain('"SampledRequestsEnabled":true');
  });
});

test('a budget tells by letter when the month has cost more, and when it will', () => {
  const [, { Properties }] = zoned.only('AWS::Budgets::Budget');
  expect(Properties.Budget).toMatchObject({ BudgetLimit: { Amount: 30, Unit: 'USD' }, TimeUnit: 'MONTHLY' });
  expect(
    Properties.NotificationsWithSubscribers.map(
      ({ Notification, Subscribers }: Record<string, Record<string, unknown>>) => [
        Notification!.NotificationType,
        Subscribers,
      ],
    ),
  ).toEqual([
    ['ACTUAL', [{ SubscriptionType: 'EMAIL', Address: 'ops@example.org' }]],
    ['FORECASTED', [{ SubscriptionType: 'EMAIL', Address: 'ops@example.org' }]],
  ]);
  expect(ofType(shipped, 'AWS::Budgets::Budget')).toEqual([]);
});

describe('a stage', () => {
  test('tags all that it has with its name', () => {
    expect(zoned.stack.tags.tagValues()).toEqual({ 'ampjar:stage': 'production', team: 'jar' });
  });

  test('can’t be deleted by one command where others’ money depends on it', () => {
    expect(shipped.stack.terminationProtection).toBe(true);
    expect(synthesise({ production: false }).stack.terminationProtection).toBe(false);
  });
});

test.skipIf(!existsSync(CFN_LINT))(
  'cfn-lint has nothing to say about the templates with a domain, a firewall, a budget and a header’s secret',
  async () => {
    const templatesIn = async ({ directory }: Template) =>
      (await readdir(directory))
        .filter((name) => name.endsWith('.template.json'))
        .map((name) => join(directory, name));
    const templates = [...(await templatesIn(zoned)), ...(await templatesIn(byHeader))];
    expect(templates).toHaveLength(3);
    const lint = promisify(execFile)(CFN_LINT, ['--ignore-checks', 'W3005', '-t', ...templates]);
    await expect(lint).resolves.toMatchObject({ stdout: '' });
  },
  // As long as it takes: it ends by itself.
  0,
);
