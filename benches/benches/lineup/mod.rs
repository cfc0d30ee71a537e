//! Rows of one table, run in turns: each a few times, then all again, so that whatever else the machine
//! does meets all of them.

use criterion::{BenchmarkId, Criterion, Throughput};
use mailwire_benches::alloc;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Time that a table takes for each of its rows.
const SHARE: Duration = Duration::from_millis(600);
/// Runs of a row before it is the next one's turn.
const TURN: u32 = 3;

/// What does the same work in different ways.
pub(crate) struct Lineup<'a> {
    name: String,
    /// What a run consists of, and how many of it.
    unit: &'static str,
    units: usize,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    name: String,
    work: Box<dyn FnMut() -> usize + 'a>,
    /// Requests to the allocator in one unit, at the median and at most.
    each: Option<[u64; 2]>,
}

impl<'a> Lineup<'a> {
    /// A table without rows; one run of each row will do `units` times `unit`.
    pub(crate) fn new(name: impl Into<String>, unit: &'static str, units: usize) -> Self {
        Lineup { name: name.into(), unit, units, rows: Vec::new() }
    }

    /// A row. `work` tells its outcome by a number, which must be `expected`. The first row is what the
    /// others are compared with.
    pub(crate) fn row(
        &mut self,
        name: impl Into<String>,
        expected: usize,
        mut work: impl FnMut() -> usize + 'a,
    ) {
        let name = name.into();
        assert_eq!(work(), expected, "{}: {name}", self.name);
        self.rows.push(Row { name, work: Box::new(work), each: None });
    }

    /// Counts what the row before asks of the allocator: `unit` does one unit, the one of this number.
    #[allow(dead_code, reason = "not every bench counts so closely")]
    pub(crate) fn each(&mut self, mut unit: impl FnMut(usize)) {
        let counted = (0..self.units).map(|n| alloc::count(|| unit(n)).1.requests);
        let mut counted: Vec<u64> = counted.collect();
        counted.sort_unstable();
        if let (Some(row), Some(most)) = (self.rows.last_mut(), counted.last()) {
            row.each = Some([counted[counted.len() / 2], *most]);
        }
    }

    /// With `TABLE=1` prints the least time of each row, which is what the code costs even on a machine
    /// that has other things to do; otherwise hands the rows to criterion.
    pub(crate) fn run(mut self, criterion: &mut Criterion) {
        if std::env::var_os("TABLE").is_some() {
            let mut wanted = std::env::args().skip(1).filter(|arg| !arg.starts_with('-'));
            return match wanted.next() {
                Some(filter) if !self.name.contains(&filter) => {}
                _ => self.print(),
            };
        }
        let mut group = criterion.benchmark_group(&self.name);
        group.throughput(Throughput::Elements(self.units as u64));
        for row in &mut self.rows {
            let id = BenchmarkId::from_parameter(&row.name);
            group.bench_function(id, |bencher| bencher.iter(|| black_box((row.work)())));
        }
    }

    fn print(&mut self) {
        let mut least = vec![Duration::MAX; self.rows.len()];
        let begin = Instant::now();
        while begin.elapsed() < SHARE * self.rows.len() as u32 {
            for (least, row) in least.iter_mut().zip(&mut self.rows) {
                for _ in 0..TURN {
                    let begin = Instant::now();
                    black_box((row.work)());
                    *least = begin.elapsed().min(*least);
                }
            }
        }
        println!("\n### {}\n", self.name);
        println!("| | ns a {} | ratio | allocations in {} |", self.unit, self.units);
        println!("|---|---|---|---|");
        for (row, time) in self.rows.iter_mut().zip(&least) {
            let ratio = time.as_secs_f64() / least[0].as_secs_f64();
            let time = time.as_nanos() as f64 / self.units as f64;
            let asked = alloc::count(&mut row.work).1.requests;
            let each = row
                .each
                .map_or(String::new(), |[median, most]| format!("; median {median}, most {most}"));
            println!("| {} | {time:.1} | {ratio:.2} | {asked}{each} |", row.name);
        }
    }
}

/// Short runs: the tables are many.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .configure_from_args()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1000))
}
