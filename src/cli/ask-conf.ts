import { multiselect, password, select, text, isCancel } from '@clack/prompts';
import {
  dottedKey,
  explainAnswer,
  describeLimits,
  listMissing,
  setConfValue,
  toChoiceText,
  type Form,
  type FormItem,
} from '../app-package/index.ts';
import type { Conf } from '../domain/index.ts';
import type { CliIo } from './io.ts';

/** Whether questions may be asked: only if both ends are a terminal, never with --json or a pipe. */
export function mayAsk(io: CliIo, json: boolean): boolean {
  return !json && io.keyboard !== null && io.stderr.isTerminal;
}

/**
 * Asks for every value that the form requires and the conf lacks; each answer is checked before the next
 * question. Questions go to stderr, passwords are not echoed.
 *
 * @returns the conf with the answers; null if the user cancelled (Ctrl-C).
 */
export async function askForMissing(io: CliIo, form: Form, conf: Conf): Promise<Conf | null> {
  let whole = conf;
  for (const item of listMissing(form, conf)) {
    const answer = await ask(io, item);
    if (answer === null) return null;
    whole = setConfValue(form, whole, dottedKey(item), answer);
  }
  return whole;
}

/** An answer as text, in the form of `--set`. */
async function ask(io: CliIo, item: FormItem): Promise<string | null> {
  const limits = describeLimits(item);
  const name = item.label === '' || item.label === item.key ? '' : `${item.label} `;
  const detail =
    item.range.length > 0 || limits === '' ? item.description : `${item.description} (${limits})`;
  const common = {
    ...(io.keyboard === null ? {} : { input: io.keyboard }),
    output: io.stderr.stream,
    message: `${name}[${dottedKey(item)}]${detail.trim() === '' ? '' : `: ${detail.trim()}`}`,
  };
  const validate = (answer: string | undefined): string | undefined =>
    explainAnswer(item, answer ?? '') ?? undefined;
  if (item.type === 'password') return toAnswer(await password({ ...common, validate }));
  const choices =
    item.type === 'boolean' && item.range.length === 0 ? ['true', 'false'] : item.range.map(toChoiceText);
  if (choices.length === 0) return toAnswer(await text({ ...common, validate }));
  const options = choices.map((choice) => ({ value: choice, label: choice }));
  if (!item.multichoice) return toAnswer(await select({ ...common, options }));
  const chosen = await multiselect({ ...common, options, required: true });
  return isCancel(chosen) ? null : chosen.join(item.separator);
}

function toAnswer(answer: string | symbol): string | null {
  return typeof answer === 'string' ? answer : null;
}
