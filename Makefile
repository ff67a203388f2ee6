CARGO ?= cargo

.PHONY: all
all:
	$(CARGO) build --release --workspace --exclude libsandbox --exclude sandboxify
	$(CARGO) rustc --release -p libsandbox --crate-type staticlib
	cc -shared -nostdlib -nostartfiles -Wl,--gc-sections,--version-script=version-script.map \
		-Wl,-z,now,-z,relro,-z,noexecstack,-z,noseparate-code,-s -Wl,-u,memcpy \
		-o target/release/libsandbox.so target/release/liblibsandbox.a
	$(CARGO) rustc --release -p sandboxify -- -C target-feature=+crt-static
