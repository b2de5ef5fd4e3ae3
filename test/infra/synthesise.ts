import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readSettings, type StageSettings } from '../../infra/settings.ts';
import { addStage } from '../../infra/stage.ts';
import { UsEast1Stack } from '../../infra/usEast1.ts';

/** A resource of a template. */
export interface Resource {
  Type: string;
  Properties: Record<string, any>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

/** The settings of a stage that is left empty. */
export const SHIPPED = readSettings({ stages: { production: {} } }, 'production');

/**
 * The template of the stage `production` with the bundles left out, its rules checked as `npm run synth` checks them.
 * @param unprotected stacks that are being made
 */
export function synthesise(settings: StageSettings = {}, unprotected: string[] = []) {
  const app = new App({ analyticsReporting: false, context: { 'aws:cdk:bundling-stacks': [] } });
  const stack = addStage(app, readSettings({ stages: { production: settings } }, 'production'), unprotected);
  const { Resources, Outputs } = Template.fromStack(stack).toJSON();
  const resources = Resources as Record<string, Resource>;
  return {
    app,
    stack,
    /** Where the templates lie. */
    directory: app.outdir,
    resources,
    outputs: Outputs as Record<string, { Value: unknown; Export?: { Name: string } }>,
    /** The stack's resources in us-east-1, where it has any beside. */
    usEast1: () => {
      const beside = app.node.children.find((node) => node instanceof UsEast1Stack);
      return beside && (Template.fromStack(beside).toJSON().Resources as Record<string, Resource>);
    },
    /** The one resource of a type, or of it in a part of the stack; any other number of them is an error. */
    only: (type: string, part = ''): [string, Resource] => {
      const found = Object.entries(resources).filter(
        ([id, { Type }]) => Type === type && id.startsWith(part),
      );
      if (found.length !== 1)
        throw new Error(`${found.length} resources of type ${type} in ${part}, not one`);
      return found[0]!;
    },
  };
}
