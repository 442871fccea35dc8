import type { ChartSource } from '../../client/index.ts';
import type { CommandContext, CommandInput, OptionSpec } from '../command.ts';
import { pickOptions, readFileOption } from '../read-input.ts';

/** The location of a chart that a worker fetches: options of every command that takes an application. */
export const CHART_OPTIONS: readonly OptionSpec[] = [
  { name: 'repo', value: 'URL', description: 'chart repository to fetch the chart from' },
  {
    name: 'version',
    value: 'VERSION',
    description: 'version of a chart that is fetched, or a range; default: the newest',
  },
  { name: 'ca-file', value: 'FILE', description: 'CA certificates (PEM) of the registry or repository' },
  {
    name: 'chart-credential',
    value: 'FILE',
    description: 'JSON with username and password of a private one, - for standard input; sent sealed',
  },
];

/** The given CHART_OPTIONS. @throws invalid-input `BAD_OPTION` */
export async function readChartSource(input: CommandInput, context: CommandContext): Promise<ChartSource> {
  const certificateAuthority = await readFileOption(context.io, input, 'ca-file');
  const credential = await readFileOption(context.io, input, 'chart-credential');
  return {
    ...pickOptions(input, { repo: 'repository', version: 'version' }),
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    ...(credential === undefined ? {} : { credential }),
  };
}

/** Whether a worker has to fetch it, or to report why it cannot. */
export async function isFetched(app: string, source: ChartSource): Promise<boolean> {
  const { isChartReference } = await import('../../app-package/index.ts');
  return isChartReference(app) || Object.keys(source).length > 0;
}
