/** The colours, in the light and in the dark. */
export const THEME = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --sheet: #ffffff; --ink: #1b2230; --faint: #566074; --line: #e3e6ec; --field: #818b9e;
  --link: #1d4ed8; --hover: #f6f8fc;
  --failing: #b91c1c; --failing-tint: #fdecea; --on-failing: #ffffff;
  --overdue: #9a4a00; --overdue-tint: #fff3e0; --overdue-line: #e0a463;
  --running: #1d4ed8; --finished: #5f9076; --taken-over: #9a6700; --skipped: #6b7589;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10141b; --sheet: #171c25; --ink: #e6eaf2; --faint: #9da8bb; --line: #262d3a; --field: #6f7b90;
    --link: #93b4ff; --hover: #1c222d;
    --failing: #ff8a7d; --failing-tint: #3a1a1a; --on-failing: #2a0b08;
    --overdue: #ffb866; --overdue-tint: #33230f; --overdue-line: #7a5424;
    --running: #93b4ff; --finished: #5b8a70; --taken-over: #d9aa3a; --skipped: #8794a8;
  }
}
`;
