import { defineConfig } from 'vitest/config';

/** What a property gets in `npm run fuzz`; all together take less than five minutes. */
const fuzzSeconds = 45;

export default defineConfig(({ mode }) => {
  const isFuzz = mode === 'fuzz';
  return {
    test: {
      include: [isFuzz ? 'test/fuzz/**/*.test.ts' : 'test/**/*.test.ts'],
      globalSetup: ['test/support/machine.ts'],
      reporters: isFuzz ? ['default'] : ['default', ['json', { outputFile: 'reports/vitest.json' }]],
      env: isFuzz ? { FUZZ_SECONDS: String(fuzzSeconds) } : {},
      testTimeout: 20_000,
      hookTimeout: 60_000,
      maxWorkers: 2,
      coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
    },
  };
});
