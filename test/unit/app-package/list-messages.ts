import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const FOLDER = fileURLToPath(new URL('../../../src/app-package/', import.meta.url));

/** A call that reports a problem, and what its message looks like. */
export interface ReportedMessage {
  readonly place: string;
  readonly pattern: RegExp;
}

/**
 * Every message that the code of app-package hands to a report, found in its sources. Messages that
 * are made elsewhere (a name, not a text, at the call) are not among them.
 */
export function listMessages(): ReportedMessage[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const text = readFileSync(`${FOLDER}${name}`, 'utf8');
      const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
      const found: ReportedMessage[] = [];
      const visit = (node: ts.Node): void => {
        const pattern = readMessage(node);
        if (pattern !== null) {
          const { line } = source.getLineAndCharacterOfPosition(node.getStart());
          found.push({ place: `${name}:${line + 1}`, pattern });
        }
        ts.forEachChild(node, visit);
      };
      visit(source);
      return found;
    });
}

function readMessage(node: ts.Node): RegExp | null {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return null;
  if (!['error', 'warning'].includes(node.expression.name.text)) return null;
  const message = node.arguments.at(-1);
  if (message === undefined) return null;
  if (ts.isStringLiteral(message) || ts.isNoSubstitutionTemplateLiteral(message))
    return toPattern([message.text]);
  if (!ts.isTemplateExpression(message)) return null;
  return toPattern([message.head.text, ...message.templateSpans.map((span) => span.literal.text)]);
}

/** The fixed parts of a message, in their order. */
function toPattern(parts: readonly string[]): RegExp {
  return new RegExp(
    `${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`,
    's',
  );
}
