use policy::*;
use std::time::Instant;
use syscalls::Abi;
fn main() {
    for list in std::env::args().skip(1) {
        let r = Request::plain(
            Mode::AllowList,
            "LIST",
            list.as_bytes(),
            Action::KillProcess,
        );
        let r = Request {
            whole_registers: true,
            ..r
        };
        let p = r.compile(Abi::NATIVE, &policy::no_files).unwrap().policy;
        let t = Instant::now();
        let x = oracle::compile(&p, None);
        match x {
            Ok(x) => {
                let n = x.instructions().len();
                println!(
                    "{list}: {} instr {:?} {:?}",
                    n,
                    t.elapsed(),
                    x.check(&p, None).map(|_| ())
                )
            }
            Err(e) => println!("{list}: {e} {:?}", t.elapsed()),
        }
    }
}
