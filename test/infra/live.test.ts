import { runInNewContext } from 'node:vm';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import { LiveEvents } from '../../infra/live.ts';
import { type Resource, SHIPPED } from './synthesise.ts';

const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'Live');
const live = new LiveEvents(stack, 'Live', SHIPPED);
const publisher = new Role(stack, 'Publisher', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
publisher.addToPolicy(live.publishStatement);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
const template = Template.fromStack(stack).toJSON() as {
  Resources: Record<string, Resource>;
};
const ofType = (type: string) => Object.entries(template.Resources).filter(([, { Type }]) => Type === type);
const [[apiId, api]] = ofType('AWS::AppSync::Api') as [[string, Resource]];
const [[authorizerId, authorizer]] = ofType('AWS::Lambda::Function') as [[string, Resource]];

test('anyone with the public token may connect and subscribe, and only IAM lets publish', () => {
  const { EventConfig } = api.Properties;
  expect(EventConfig).toEqual({
    AuthProviders: [
      { AuthType: 'AWS_IAM' },
      {
        AuthType: 'AWS_LAMBDA',
        LambdaAuthorizerConfig: {
          AuthorizerResultTtlInSeconds: 3600,
          AuthorizerUri: { 'Fn::GetAtt': [authorizerId, 'Arn'] },
          IdentityValidationExpression: '^public$',
        },
      },
    ],
    ConnectionAuthModes: [{ AuthType: 'AWS_LAMBDA' }],
    DefaultSubscribeAuthModes: [{ AuthType: 'AWS_LAMBDA' }],
    DefaultPublishAuthModes: [{ AuthType: 'AWS_IAM' }],
  });
});

test('there is one namespace, tips, which changes nothing of that', () => {
  expect(ofType('AWS::AppSync::ChannelNamespace').map(([, { Properties }]) => Properties)).toEqual([
    { ApiId: { 'Fn::GetAtt': [apiId, 'ApiId'] }, Name: 'tips', HandlerConfigs: {} },
  ]);
});

test('no key is made that would expire', () => {
  expect(ofType('AWS::AppSync::ApiKey')).toEqual([]);
});

test('the authorizer lets in whoever comes', async () => {
  const exports = {} as { handler: () => Promise<unknown> };
  runInNewContext(authorizer.Properties.Code.ZipFile, { exports });
  expect(await exports.handler()).toEqual({ isAuthorized: true });
  expect(authorizer.Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
});

test('AppSync alone may ask the authorizer', () => {
  expect(ofType('AWS::Lambda::Permission').map(([, { Properties }]) => Properties)).toEqual([
    {
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': [authorizerId, 'Arn'] },
      Principal: 'appsync.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [apiId, 'ApiArn'] },
    },
  ]);
});

test('who publishes may publish tips, and nothing else', () => {
  const policies = ofType('AWS::IAM::Policy').map(([, { Properties }]) => Properties);
  const ours = policies.find(({ Roles }) => JSON.stringify(Roles).includes('Publisher'))!;
  expect(ours.PolicyDocument.Statement).toEqual([
    {
      Sid: 'PublishTips',
      Effect: 'Allow',
      Action: 'appsync:EventPublish',
      Resource: expect.objectContaining({ 'Fn::Join': expect.anything() }),
    },
  ]);
  expect(JSON.stringify(ours.PolicyDocument.Statement[0].Resource)).toMatch(/\/channelNamespace\/tips"/);
});

test('pages and people are told where to listen, and publishers where to publish', () => {
  const dns = (which: string) => ({ 'Fn::GetAtt': [apiId, `Dns.${which}`] });
  expect(stack.resolve(live.pageEnvironment)).toEqual({
    LIVE_REALTIME_HOST: dns('Realtime'),
    LIVE_HTTP_HOST: dns('Http'),
  });
  expect(stack.resolve(live.publishEnvironment)).toEqual({
    LIVE_PUBLISH_URL: { 'Fn::Join': ['', ['https://', dns('Http'), '/event']] },
  });
  expect(stack.resolve([live.url, live.host])).toEqual([
    { 'Fn::Join': ['', ['wss://', dns('Realtime'), '/event/realtime']] },
    dns('Http'),
  ]);
});
