//! `leno top`: the tasks of a process, again and again.

use super::ps;
use crate::answer::{Ps, Row};
use crate::client;
use crate::fault::Fault;
use crate::show::style::{Look, Style};
use clap::Args;
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Modifier, Style as Drawn};
use ratatui::text::Line;
use ratatui::widgets::{Row as DrawnRow, Table};
use std::cmp::Ordering;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// Show the tasks of a process, again and again
#[derive(Debug, Args)]
#[command(
    long_about = "Show the tasks of a process as `leno ps` does, again and again.\n\n\
        Keys:\n  q, Esc, Ctrl-C        end\n  f, p, i, s, n         sort by FOR, POLLS, ID, STATE, NAME\n  \
        r                     the other way round\n  arrows, PgUp, PgDn    move\n\n\
        If the standard output is no terminal it prints one list, and ends.",
    after_long_help = "EXAMPLES:\n  leno top 2817\n  leno top 2817 --interval 0.2"
)]
pub(super) struct Arguments {
    /// The process
    pid: u32,
    /// So many seconds are between two looks
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = interval)]
    interval: Duration,
    /// Print one answer as JSON, on one line, and end
    #[arg(long)]
    json: bool,
}

fn interval(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "it is a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|interval| {
            (Duration::from_millis(50)..=Duration::from_secs(3600)).contains(interval)
        })
        .ok_or_else(|| "it is between 0.05 and 3600 seconds".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Result<String, Fault> {
    if arguments.json || !io::stdout().is_terminal() {
        return ps::of_process(arguments.pid, arguments.json, Style::of_output(), None);
    }
    // Before the screen is taken, so that what is wrong is seen.
    let mut view = View::new(arguments.pid, client::ps::<Ps>(arguments.pid)?.content);
    let mut terminal = ratatui::try_init().map_err(Fault::system("the terminal"))?;
    let result = live(&mut view, arguments.interval, |view| {
        terminal.draw(|frame| view.draw(frame)).map(drop)
    });
    ratatui::restore();
    result.map(|()| String::new())
}

/// Looks, draws and listens to keys, until it is enough.
fn live(
    view: &mut View,
    interval: Duration,
    mut draw: impl FnMut(&mut View) -> io::Result<()>,
) -> Result<(), Fault> {
    let mut next = Instant::now() + interval;
    loop {
        draw(view).map_err(Fault::system("the terminal"))?;
        let left = next.saturating_duration_since(Instant::now());
        if event::poll(left).map_err(Fault::system("the terminal"))? {
            if let Event::Key(key) = event::read().map_err(Fault::system("the terminal"))? {
                if !view.press(key) {
                    return Ok(());
                }
            }
        }
        if Instant::now() >= next {
            view.update(client::ps::<Ps>(view.pid)?.content);
            next = Instant::now() + interval;
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    For,
    Polls,
    Id,
    State,
    Name,
}

impl Order {
    fn title(self) -> &'static str {
        match self {
            Order::For => "FOR",
            Order::Polls => "POLLS",
            Order::Id => "ID",
            Order::State => "STATE",
            Order::Name => "NAME",
        }
    }

    fn compare(self, a: &Row, b: &Row) -> Ordering {
        let first = match self {
            Order::For => b.r#for.unwrap_or(0.0).total_cmp(&a.r#for.unwrap_or(0.0)),
            Order::Polls => b.polls.cmp(&a.polls),
            Order::Id => Ordering::Equal,
            // What runs comes first.
            Order::State => ps::state(b).cmp(ps::state(a)),
            Order::Name => a.task.called().cmp(&b.task.called()),
        };
        first.then_with(|| a.task.number().cmp(&b.task.number()))
    }
}

/// What is on the screen.
struct View {
    pid: u32,
    tasks: Vec<Row>,
    summaries: Vec<String>,
    order: Order,
    reversed: bool,
    /// The first task that is shown.
    first: usize,
    /// How many there is room for.
    page: usize,
}

impl View {
    fn new(pid: u32, ps: Ps) -> Self {
        let mut view = Self {
            pid,
            tasks: Vec::new(),
            summaries: Vec::new(),
            order: Order::For,
            reversed: false,
            first: 0,
            page: 1,
        };
        view.update(ps);
        view
    }

    fn update(&mut self, ps: Ps) {
        let several = ps.runtimes.len() > 1;
        self.summaries = ps
            .runtimes
            .iter()
            .map(|runtime| {
                let title = several.then(|| format!("{}: ", runtime.title.text()));
                format!("{}{}", title.unwrap_or_default(), ps::summary(runtime))
            })
            .map(|text| crate::show::plain::plain(&text))
            .collect();
        if ps.from_memory {
            self.summaries.push(ps::from_memory(&ps).to_owned());
        }
        self.tasks = ps
            .runtimes
            .into_iter()
            .flat_map(|runtime| runtime.tasks)
            .collect();
        self.sort();
    }

    fn sort(&mut self) {
        let (order, reversed) = (self.order, self.reversed);
        self.tasks.sort_by(|a, b| {
            let ordering = order.compare(a, b);
            if reversed {
                ordering.reverse()
            } else {
                ordering
            }
        });
        self.scroll(0);
    }

    fn scroll(&mut self, by: isize) {
        let last = self.tasks.len().saturating_sub(self.page);
        self.first = self.first.saturating_add_signed(by).min(last);
    }

    /// Does what a key says; false if that is to end.
    fn press(&mut self, key: KeyEvent) -> bool {
        if key.kind == KeyEventKind::Release {
            return true;
        }
        let page = isize::try_from(self.page).unwrap_or(isize::MAX);
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return false,
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return false,
            KeyCode::Char('f') => self.order = Order::For,
            KeyCode::Char('p') => self.order = Order::Polls,
            KeyCode::Char('i') => self.order = Order::Id,
            KeyCode::Char('s') => self.order = Order::State,
            KeyCode::Char('n') => self.order = Order::Name,
            KeyCode::Char('r') => self.reversed = !self.reversed,
            KeyCode::Down => self.scroll(1),
            KeyCode::Up => self.scroll(-1),
            KeyCode::PageDown => self.scroll(page),
            KeyCode::PageUp => self.scroll(-page),
            KeyCode::Home => self.first = 0,
            KeyCode::End => self.scroll(isize::MAX),
            _ => {}
        }
        self.sort();
        true
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        let summaries = u16::try_from(self.summaries.len())
            .unwrap_or(u16::MAX)
            .min(4);
        let [top, middle, bottom] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Min(2),
            Constraint::Length(summaries),
        ])
        .areas(frame.area());
        let arrow = if self.reversed { "reversed" } else { "" };
        let title = format!(
            "leno top {}   by {} {arrow}   f p i s n sort, r reverse, q end",
            self.pid,
            self.order.title()
        );
        frame.render_widget(Line::styled(title, Modifier::BOLD), top);

        self.page = usize::from(middle.height).saturating_sub(1).max(1);
        self.scroll(0);
        let shown = self.tasks.iter().skip(self.first).take(self.page);
        let rows: Vec<_> = shown.map(ps::cells).collect();
        let widths =
            crate::show::table::widths(&ps::COLUMNS, &rows, Some(usize::from(middle.width)));
        let lines = rows.iter().map(|row| {
            let cells = row.iter().zip(&ps::COLUMNS).map(|(cell, column)| {
                let line = Line::styled(cell.text().to_owned(), drawn(cell.look()));
                if column.right {
                    line.right_aligned()
                } else {
                    line
                }
            });
            DrawnRow::new(cells)
        });
        let titles = ps::COLUMNS.iter().map(|column| {
            let line = Line::from(column.title);
            if column.right {
                line.right_aligned()
            } else {
                line
            }
        });
        let widths = widths
            .iter()
            .map(|width| Constraint::Length(u16::try_from(*width).unwrap_or(u16::MAX)));
        let table = Table::new(lines, widths)
            .header(DrawnRow::new(titles).style(Modifier::REVERSED))
            .column_spacing(2);
        frame.render_widget(table, middle);

        let lines: Vec<_> = self
            .summaries
            .iter()
            .map(|text| Line::from(text.as_str()))
            .collect();
        frame.render_widget(ratatui::text::Text::from(lines), bottom);
    }
}

fn drawn(look: Look) -> Drawn {
    // The user's wish goes for this screen too.
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return Drawn::new();
    }
    match look {
        Look::Plain => Drawn::new(),
        Look::Bold => Drawn::new().add_modifier(Modifier::BOLD),
        Look::Dim => Drawn::new().add_modifier(Modifier::DIM),
        Look::Green => Drawn::new().fg(Color::Green),
        Look::Yellow => Drawn::new().fg(Color::Yellow),
        Look::Red => Drawn::new().fg(Color::Red),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use serde_json::json;

    fn answer(count: u64) -> Ps {
        let tasks: Vec<_> = (1..=count)
            .map(|id| {
                json!({"id": id.to_string(), "name": format!("t{}", count - id), "type": "t", "state": "asleep",
                    "for": id as f64, "polls": id % 3, "spawned_at": {"file": "f.rs", "line": id, "column": 1}})
            })
            .collect();
        serde_json::from_value(json!({"runtimes": [{"id": "1", "name": null, "kind": "multi-thread", "alive": count,
            "workers": [{"asleep": true}], "blocking": {"threads": 0, "idle": 0, "queued": 0}, "tasks": tasks}]}))
        .unwrap()
    }

    fn screen(view: &mut View) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(90, 8)).unwrap();
        terminal.draw(|frame| view.draw(frame)).unwrap();
        let buffer = terminal.backend().buffer();
        let lines = buffer.content().chunks(90);
        lines
            .map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>())
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    fn ids(view: &mut View) -> Vec<String> {
        let lines = screen(view).into_iter().skip(2).take(5);
        lines
            .map(|line| {
                line.split_ascii_whitespace()
                    .next()
                    .unwrap_or("")
                    .to_owned()
            })
            .collect()
    }

    fn press(view: &mut View, code: KeyCode) -> bool {
        view.press(KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn the_screen_has_the_tasks_and_what_there_is_besides() {
        let mut view = View::new(7, answer(2));
        let expected = [
            "leno top 7   by FOR    f p i s n sort, r reverse, q end",
            "ID  STATE     FOR  POLLS  NAME / FUTURE  SPAWNED AT  WAITS FOR",
            " 2  asleep  2.0 s      2  \"t0\"           f.rs:2:1",
            " 1  asleep  1.0 s      1  \"t1\"           f.rs:1:1",
            "",
            "",
            "",
            "2 tasks; 1 worker, 1 asleep.",
        ];
        assert_eq!(screen(&mut view), expected);
    }

    #[test]
    fn keys_sort_and_move() {
        let mut view = View::new(7, answer(20));
        assert_eq!(ids(&mut view), ["20", "19", "18", "17", "16"]);
        for (key, expected) in [
            ('i', ["1", "2", "3", "4", "5"]),
            ('p', ["2", "5", "8", "11", "14"]),
            ('n', ["20", "19", "10", "9", "8"]),
            ('r', ["11", "12", "13", "14", "15"]),
            ('i', ["20", "19", "18", "17", "16"]),
        ] {
            assert!(press(&mut view, KeyCode::Char(key)));
            assert_eq!(ids(&mut view), expected, "{key}");
        }
        press(&mut view, KeyCode::PageDown);
        press(&mut view, KeyCode::Down);
        press(&mut view, KeyCode::Up);
        assert_eq!(ids(&mut view), ["15", "14", "13", "12", "11"]);
        press(&mut view, KeyCode::End);
        assert_eq!(ids(&mut view), ["5", "4", "3", "2", "1"]);
        // The place stays where it can.
        view.update(answer(6));
        assert_eq!(ids(&mut view), ["5", "4", "3", "2", "1"]);
        assert!(!press(&mut view, KeyCode::Char('q')));
        assert!(!view.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    }
}
