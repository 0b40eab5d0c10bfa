One story told whole, then with one event after another lost. What remains must be sane, and marked where it is odd.

## whole
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20; unhold bob 25
begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50; enter night 51
ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 14
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80

## lost: arrive 0
enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20
unhold bob 25; begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
enter night 51; ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= arrived 2
= visit sales answered 10 talk 14
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80
= marks arrival_missing

## lost: enter sales 2
arrive 0; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20; unhold bob 25
begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
enter night 51; ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales (no visit) no_answer 5
= offer bob sales (no visit) answered 3
= offer cyd night answered 3
= leg bob sales (no visit) from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80
= marks visit_missing contradiction

## lost: ring ann sales 3
arrive 0; enter sales 2; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20; unhold bob 25
begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
enter night 51; ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 14
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 0
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80
= marks contradiction

## lost: miss ann no_answer 8
arrive 0; enter sales 2; ring ann sales 3; ring bob sales 9; answer bob sales 12; hold bob 20; unhold bob 25
begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
enter night 51; ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 14
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales answered_elsewhere 9
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80

## lost: ring bob sales 9
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; answer bob sales 12; hold bob 20; unhold bob 25
begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
enter night 51; ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 14
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer cyd night answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80

## lost: answer bob sales 12
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; hold bob 20; unhold bob 25
begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
enter night 51; ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered ?
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 0
= offer cyd night answered 3
= leg bob sales from 9 talk 17 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80
= marks answer_missing

## lost: hold bob 20
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12
unhold bob 25; begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
enter night 51; ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 19
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 19 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80
= marks contradiction

## lost: unhold bob 25
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20
begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
enter night 51; ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 8
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 8 hold 11 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80

## lost: begin bob blind queue tech 30
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20
unhold bob 25; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50; enter night 51
ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 14
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80

## lost: release bob agent 31
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20
unhold bob 25; begin bob blind queue tech 30; done bob 31; enter tech 32; left tech timeout 50; enter night 51
ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 15
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 15 hold 5 by unknown
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80
= marks release_missing

## lost: done bob 31
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20
unhold bob 25; begin bob blind queue tech 30; release bob agent 31; enter tech 32; left tech timeout 50
enter night 51; ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 14
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80

## lost: enter tech 32
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20
unhold bob 25; begin bob blind queue tech 30; release bob agent 31; done bob 31; left tech timeout 50
enter night 51; ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 14
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue night at 51: answered after 4
= served, ended by caller at 80
= marks contradiction

## lost: left tech timeout 50
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20
unhold bob 25; begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; enter night 51
ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 14
= visit tech error 19 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 23
= served, ended by caller at 80
= marks exit_missing

## lost: enter night 51
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20
unhold bob 25; begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
ring cyd night 52; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 14
= visit tech timeout 18 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night (no visit) answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night (no visit) from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 18
= served, ended by caller at 80
= marks visit_missing contradiction

## lost: ring cyd night 52
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20
unhold bob 25; begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
enter night 51; answer cyd night 55; release cyd caller 80; end caller 80
= visit sales answered 10 talk 14
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80

## lost: answer cyd night 55
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20
unhold bob 25; begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
enter night 51; ring cyd night 52; release cyd caller 80; end caller 80
= visit sales answered 10 talk 14
= visit tech timeout 18 after_human
= visit night answered ? after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night answered 0
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 52 talk 28 by caller
= blind bob@sales to queue tech at 32: answered after 18
= served, ended by caller at 80
= marks answer_missing

## lost: release cyd caller 80
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20
unhold bob 25; begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
enter night 51; ring cyd night 52; answer cyd night 55; end caller 80
= visit sales answered 10 talk 14
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by caller at 80
= marks release_missing

## lost: end caller 80
arrive 0; enter sales 2; ring ann sales 3; miss ann no_answer 8; ring bob sales 9; answer bob sales 12; hold bob 20
unhold bob 25; begin bob blind queue tech 30; release bob agent 31; done bob 31; enter tech 32; left tech timeout 50
enter night 51; ring cyd night 52; answer cyd night 55; release cyd caller 80
= visit sales answered 10 talk 14
= visit tech timeout 18 after_human
= visit night answered 4 talk 25 after_human
= offer ann sales no_answer 5
= offer bob sales answered 3
= offer cyd night answered 3
= leg bob sales from 12 talk 14 hold 5 by agent
= leg cyd night from 55 talk 25 by caller
= blind bob@sales to queue tech at 32: answered after 22
= served, ended by unknown at 80
= marks end_missing

## a direct call of which the connection was lost
arrive 0; release ann caller 60; end caller 60
= leg ann - from 60 talk 0 by caller
= direct, ended by caller at 60
= marks answer_missing

## a direct call of which the connection was lost, on hold meanwhile
arrive 0; ring ann 3; hold ann 20; unhold ann 30; release ann caller 60; end caller 60
= offer ann - answered 0
= leg ann - from 3 talk 47 hold 10 by caller
= direct, ended by caller at 60
= marks answer_missing

## no ringing is told, and the connection was lost
arrive 0; enter sales 2; release ann@sales caller 60; end caller 60
= visit sales answered ?
= leg ann sales from 60 talk 0 by caller
= served, ended by caller at 60
= marks answer_missing

## the queue entry was lost, the queue exit told
arrive 0; left sales timeout 60; end pbx 61
= left_before_queue, ended by pbx at 61
= marks contradiction

## the connection after a transfer was lost
arrive 0; enter sales 2; answer ann sales 10; begin ann blind agent bob 30; release ann agent 30
release bob caller 60; end caller 60
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 by agent
= leg bob - from 60 talk 0 by caller
= blind ann@sales to agent bob at 60: answered
= served, ended by caller at 60
= marks answer_missing

## the target's queue entry was lost
arrive 0; enter sales 2; answer ann sales 10; begin ann blind queue tech 30; release ann agent 30
answer bob tech 40; release bob caller 60; end caller 60
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 by agent
= leg bob tech (no visit) from 40 talk 20 by caller
= blind ann@sales to queue tech at 40: answered
= served, ended by caller at 60
= marks visit_missing contradiction

## the same queue's entry was lost, nothing told: requeued
arrive 0; enter sales 2; answer ann sales 10; release ann agent 30; answer bob sales 40; release bob caller 60
end caller 60
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 by agent
= leg bob sales (no visit) from 40 talk 20 by caller
= requeued 1
= served, ended by caller at 60
= marks visit_missing contradiction

## the release was lost, the same agent answers the same queue again
arrive 0; enter sales 2; answer ann sales 10; enter sales 30; answer ann sales 40; release ann caller 60
end caller 60
= visit sales answered 8 talk 20
= visit sales answered 10 talk 20 after_human
= leg ann sales (visit 1) from 10 talk 20 by unknown
= leg ann sales (visit 2) from 40 talk 20 by caller
= requeued 1
= served, ended by caller at 60
= marks release_missing

## of two agents' legs both connections were lost
arrive 0; enter sales 2; release ann@sales agent 30; enter tech 31; release bob@tech caller 60; end caller 60
= visit sales answered ?
= visit tech answered ? after_human
= leg ann sales from 30 talk 0 by agent
= leg bob tech from 60 talk 0 by caller
= blind ann@sales to queue tech at 31: answered, inferred
= served, ended by caller at 60
= marks answer_missing

## the exit told after the next entry
arrive 0; enter a 2; ring ann a 3; enter b 32; left a timeout 32.1; end caller 40
= visit a timeout 30
= visit b abandoned_waiting 8
= offer ann a ring_timeout 29
= reroute a to b
= abandoned, ended by caller at 40

## an agent who was only consulted is released: no leg of the caller
arrive 0; enter a 2; answer ann a 5; begin ann attended agent bob 10; release bob agent 20; release ann caller 30
end caller 30
= visit a answered 3 talk 25
= leg ann a from 5 talk 25 by caller
= consult_only 1
= served, ended by caller at 30
= marks contradiction

## an offer missed of which the beginning was lost, told twice
arrive 0; enter a 2; miss ann no_answer 8; miss ann no_answer 8.2; end caller 30
= visit a abandoned_waiting 28
= offer ann a no_answer 0
= abandoned, ended by caller at 30
= marks contradiction

## every beginning was lost
left a timeout 2; miss ann busy 3; unhold bob 4; fail cyd busy 5; done dan 6; end caller 7
= arrived 2
= leg cyd - from 5 talk 2 by caller
= failed blind to nobody busy at 5
= direct, ended by caller at 7
= marks arrival_missing release_missing contradiction answer_missing
