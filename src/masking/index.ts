export { findGuesses, maskForeignText, REDACTED } from './foreign-text.ts';
export { foldText } from './fold-text.ts';
export { createSecretIndex, SHORTEST_SECRET, type AddedSpellings, type SecretIndex } from './secret-index.ts';
export { findSecretShapes } from './secret-shapes.ts';
export { replaceSpans, type Span } from './spans.ts';
export { spellSecret } from './spellings.ts';
