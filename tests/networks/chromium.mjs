// Unpack the browser into TMPDIR and print, as JSON, where it is and which libraries it needs.
//
// With this variable set the package also unpacks the system libraries that a bare machine lacks.
process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs24.x';
const { default: chromium } = await import('@sparticuz/chromium');
const executable = await chromium.executablePath();
console.log(JSON.stringify({ executable, library_path: process.env.LD_LIBRARY_PATH ?? '', fonts: process.env.FONTCONFIG_PATH ?? '' }));
