import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import allowedSkips from './allowed-skips.json' with { type: 'json' };

/** A skipped test and the reason that it gave with `context.skip(reason)`; empty if it gave none. */
interface Skip {
  readonly name: string;
  readonly reason: string;
}

/**
 * Ends a run with one plain line, `N passed, N failed, N skipped`. `bin/run` passes a file, and prints it
 * after everything else; without one it is printed here.
 *
 * With CI=true a skip whose reason does not begin with one of allowed-skips.json fails the run: a test
 * that silently does not run is a defect. Machines of developers may lack what CI has.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    const skips: Skip[] = [];
    for (const module of modules) {
      if (module.state() === 'failed' && [...module.children.allTests('failed')].length === 0) failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed += 1;
        else if (result.state === 'failed') failed += 1;
        else skips.push({ name: test.fullName, reason: 'note' in result ? (result.note ?? '') : '' });
      }
    }
    this.#report(passed, failed, skips);
  }

  #report(passed: number, failed: number, skips: readonly Skip[]): void {
    for (const skip of skips)
      process.stderr.write(`skipped: ${skip.name} (${skip.reason || 'no reason given'})\n`);
    const unexplained = skips.filter(
      (skip) => !allowedSkips.some((reason) => skip.reason.startsWith(reason)),
    );
    if (process.env['CI'] === 'true' && unexplained.length > 0) {
      process.stderr.write(
        `${unexplained.length} skipped without an allowed reason (test/kit/allowed-skips.json); in CI that fails the run\n`,
      );
      process.exitCode = 1;
    }
    const line = `${passed} passed, ${failed} failed, ${skips.length} skipped`;
    const file = process.env['WINDLASS_CLOSING_LINE_FILE'];
    if (file === undefined) process.stdout.write(`${line}\n`);
    else writeFileSync(file, line);
  }
}
