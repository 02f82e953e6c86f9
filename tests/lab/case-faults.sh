# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Servers that have a fault, but no limit: that must not be taken for one.  Plain Unbound, in the same run, is what to beat.

lab_need_plain
lab_fronted_zone

# relays OPTION...: in front of both addresses.
relays() {
	lab_relay one 127.0.53.12 127.0.53.10 "$@" --seed 3
	lab_relay two 127.0.53.13 127.0.53.11 "$@" --seed 4
}
# no_front: nothing in front of them any more.
no_front() { lab_stop one; lab_stop two; lab_stop dnsdist; }

# disliked TEXT ACTION SLACK: what the server does with a query that has a COOKIE option.
disliked() {
	lab_dnsdist dnsdist 127.0.53.12 127.0.53.13 -- "
		newServer({address='127.0.53.10:53', sockets=4}):setUp()
		addAction(EDNSOptionRule(EDNSOptionCode.COOKIE), $2)"
	lab_measured lab_versus "$1" flat "$3"
	lab_measured lab_versus "$1" deep "$3"
	no_front
}

disliked 'FORMERR to options' 'RCodeAction(DNSRCode.FORMERR)' 0.25
disliked 'NOTIMP to options' 'RCodeAction(DNSRCode.NOTIMP)' 0.25
disliked 'BADVERS to options' 'ERCodeAction(DNSRCode.BADVERS)' 0.25
# That the first queries are not answered takes a timeout, 376 ms, to see.
disliked 'silence to options' 'DropAction()' 0.7

relays --no-tcp
lab_measured lab_versus 'no TCP' flat 0.25
lab_measured lab_versus 'no TCP' deep 0.25
no_front

lab_relay one 127.0.53.12 127.0.53.10
lab_relay two 127.0.53.13 127.0.53.11 --loss 100 --no-tcp
lab_measured lab_versus 'one address dead' flat 0.25 3
lab_measured lab_versus 'one address dead' deep 0.25 3
no_front
