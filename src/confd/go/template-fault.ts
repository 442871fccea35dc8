/** What is wrong with a template, and where: a fault of its text, or of its execution. */
export class TemplateFault extends Error {
  override readonly name = 'TemplateFault';
  /** Byte offset in the template's text. */
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
