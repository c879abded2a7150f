import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const message = 'Text that users read goes through the translator: trans.__(…).';
const UNTRANSLATED = [
  'JSXText[value=/\\p{L}{2,}/u]',
  ':matches(JSXElement, JSXFragment) > JSXExpressionContainer > Literal[value=/\\p{L}{2,}/u]',
  ':matches(JSXElement, JSXFragment) > JSXExpressionContainer > :matches(ConditionalExpression, LogicalExpression) > Literal[value=/\\p{L}{2,}/u]',
  'JSXAttribute[name.name=/^(title|alt|label|placeholder|aria-(label|description|roledescription|valuetext))$/] > Literal[value=/\\p{L}{2,}/u]'
].map(selector => ({ selector, message }));

export default tseslint.config(
  {
    ignores: [
      '.venv/',
      '.build/',
      '**/node_modules/',
      '**/lib/',
      'coverage/',
      'dist/',
      'python/',
      'tests/ui/test-results/',
      'tests/ui/playwright-report/'
    ]
  },
  js.configs.recommended,
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly' } }
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname }
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/naming-convention': [
        'error',
        // JupyterLab's habit, and ours: an interface is recognised by its first letter.
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z]', match: true }
        }
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // JupyterLab's own pattern: a namespace of the same name holds a class's option types.
      '@typescript-eslint/no-namespace': 'off',
      // A command or signal handler may be async without anybody waiting for it.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      // Lumino's way to connect hands over the method and its object: signal.connect(this._onChange, this).
      '@typescript-eslint/unbound-method': 'off',
      curly: ['error', 'all'],
      eqeqeq: 'error',
      'prefer-arrow-callback': 'error'
    }
  },
  {
    files: ['labextension/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat.recommended]
  },
  {
    files: ['labextension/src/**/*.{ts,tsx}'],
    rules: {
      'no-console': ['error', { allow: ['warn', 'error'] }],
      // Whatever a user reads, or has read aloud, goes through the translator.
      'no-restricted-syntax': ['error', ...UNTRANSLATED]
    }
  }
);
