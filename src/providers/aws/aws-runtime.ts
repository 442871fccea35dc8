import type { Credential, Runtime } from '../../domain/index.ts';
import type { AwsCloud, OpenCloud } from './cloud/open-cloud.ts';
import { toRegion } from './region.ts';
import { readAwsSettings, type AwsSettings } from './settings.ts';

/** What a runtime refers to: its settings, parsed, and its cloud. */
export interface AwsRuntime {
  readonly settings: AwsSettings;
  readonly cloud: AwsCloud;
  readonly zone: string;
}

/** @throws invalid-input, naming the field, for settings, zone or credential that cannot be used. */
export type FindAwsRuntime = (request: {
  readonly runtime: Pick<Runtime, 'url' | 'zone' | 'settings'>;
  readonly credential: Credential;
}) => AwsRuntime;

export function createRuntimeFinder(openCloud: OpenCloud): FindAwsRuntime {
  return ({ runtime: { url, zone, settings: given }, credential }) => {
    const settings = readAwsSettings(given);
    const region = toRegion(zone, settings);
    return { settings, zone, cloud: openCloud({ url, region, credential, settings }) };
  };
}
